using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.TestSupport;
using LongContext.Tests.Models;

namespace LongContext.Tests.Interop;

/// <summary>
/// Folders for other programs to read, each with the ids and logits that this library gives for it (expected.safetensors): they stay
/// where LONGCONTEXT_SAVED_MODELS names a place for them, and tests/Interop/saved_folders.py compares them with transformers. Here they
/// are loaded back.
/// </summary>
public sealed class SavedFoldersTests : IDisposable
{
    private const string Variable = "LONGCONTEXT_SAVED_MODELS";

    /// <summary>Longer than the fixtures' trained windows.</summary>
    private const int Tokens = 150;

    private readonly TemporaryFolder temporary = TestPaths.NewTemporaryFolder();

    private string Root => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : temporary.Path;

    public static IEnumerable<TheoryDataRow<string>> Cases() => FixtureModels.All();

    [Theory, MemberData(nameof(Cases))]
    public void Save_FixtureAsLoaded_ForOtherPrograms(string name)
    {
        using CausalLanguageModel model = FixtureModels.Load(name);
        Write(model, Path.Combine(Root, name));
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
        using CausalLanguageModel model = FixtureModels.Load(name);
        model.ExtendTo(4 * model.Config.MaxPositionEmbeddings, method);
        Write(model, Path.Combine(Root, $"{name}-extended-{method}".ToLowerInvariant()));
    }

    public void Dispose() => temporary.Dispose();

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
        using CausalLanguageModel again = CausalLanguageModel.Load(folder);
        Assert.Equal(logits, ModelFixtureTests.Logits(again, ids));
    }
}
