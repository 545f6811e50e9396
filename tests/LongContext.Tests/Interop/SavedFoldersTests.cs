using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Tests.Models;

namespace LongContext.Tests.Interop;

/// <summary>
/// Writes folders for other programs to read, each with the ids and logits that this library gives for it (expected.safetensors), when
/// LONGCONTEXT_SAVED_MODELS names a place for them; tests/Interop/saved_folders.py compares them with transformers.
/// </summary>
public sealed class SavedFoldersTests
{
    private const string Variable = "LONGCONTEXT_SAVED_MODELS";

    /// <summary>Longer than the fixtures' trained windows.</summary>
    private const int Tokens = 150;

    public static IEnumerable<TheoryDataRow<string>> Cases() => FixtureModels.All();

    [Theory, MemberData(nameof(Cases))]
    public void Save_FixtureAsLoaded_ForOtherPrograms(string name)
    {
        string root = Root();
        using CausalLanguageModel model = FixtureModels.Load(name);
        Write(model, Path.Combine(root, name));
    }

    [Theory]
    [InlineData("llama-default", ContextExtensionMethod.Linear)]
    [InlineData("llama-default", ContextExtensionMethod.NtkAware)]
    [InlineData("llama-default", ContextExtensionMethod.Yarn)]
    [InlineData("llama-default", ContextExtensionMethod.Llama3)]
    [InlineData("llama-default", ContextExtensionMethod.DynamicNtk)]
    [InlineData("llama-llama3-older-config", ContextExtensionMethod.Yarn)]
    [InlineData("llama-linear4-older-config", ContextExtensionMethod.Llama3)]
    [InlineData("gemma3", ContextExtensionMethod.Linear)]
    [InlineData("qwen3", ContextExtensionMethod.Yarn)]
    [InlineData("smollm3", ContextExtensionMethod.Yarn)]
    public void Save_FixtureExtended_ForOtherPrograms(string name, ContextExtensionMethod method)
    {
        string root = Root();
        using CausalLanguageModel model = FixtureModels.Load(name);
        model.ExtendTo(4 * model.Config.TrainedContextLength(), method);
        Write(model, Path.Combine(root, $"{name}-extended-{method}".ToLowerInvariant()));
    }

    private static string Root()
    {
        string? root = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipUnless(root is { Length: > 0 }, $"set {Variable} to a folder for the saved models, then run tests/Interop/saved_folders.py on it");
        return root!;
    }

    private static void Write(CausalLanguageModel model, string folder)
    {
        model.Save(folder);
        var random = new Random(11);
        int[] ids = [.. Enumerable.Range(0, Tokens).Select(_ => random.Next(3, model.Config.VocabularySize))];
        float[] logits = ModelFixtureTests.Logits(model, ids);
        SafetensorsWriter.Write(Path.Combine(folder, "expected.safetensors"),
        [
            SafetensorsEntry.Create<long>("input_ids", [1, ids.Length], ids.Select(id => (long)id).ToArray()),
            SafetensorsEntry.Create<float>("logits", [1, ids.Length, model.Config.VocabularySize], logits),
        ]);
        using CausalLanguageModel again = CausalLanguageModel.Load(folder, new ModelLoadOptions { IgnoreUnknownTensors = false });
        Assert.Equal(logits, ModelFixtureTests.Logits(again, ids));
    }
}
