using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.TestSupport;
using LongContext.Tests.Adapters;
using LongContext.Tests.Models;

namespace LongContext.Tests.Interop;

/// <summary>
/// Adapters for PEFT to read, each in a folder with its base model, and the ids and logits that this library gives (expected.safetensors):
/// they stay where LONGCONTEXT_SAVED_ADAPTERS names a place for them, and tests/Interop/saved_adapters.py compares them with PEFT. Here
/// they are loaded back.
/// </summary>
public sealed class SavedAdaptersTests : IDisposable
{
    private const string Variable = "LONGCONTEXT_SAVED_ADAPTERS";

    private static readonly Dictionary<string, LoraOptions> Options = new()
    {
        ["plain"] = new() { Rank = 4 },
        ["rslora-patterns"] = new()
        {
            RankStabilized = true,
            TargetPattern = @".*\.(o_proj|down_proj)",
            RankPattern = new Dictionary<string, int> { [@"layers\.1\.self_attn\.o_proj"] = 3, ["o_proj"] = 5 },
            AlphaPattern = new Dictionary<string, double> { ["down_proj"] = 1.5 },
        },
        ["dora-dropout"] = new() { Rank = 3, Alpha = 7, Dropout = 0.1, WeightDecomposed = true, ExcludeModules = ["o_proj"] },
        ["modules-to-save"] = new() { ModulesToSave = ["embed_tokens", "lm_head", "norm"], LayersToTransform = [1] },
        ["embedding-saved"] = new() { ModulesToSave = ["embed_tokens"] },
        ["embedding-tied"] = new() { ModulesToSave = ["embed_tokens"], EnsureWeightTying = true },
        ["ends"] = new() { TargetModules = ["embed_tokens", "lm_head", "o_proj"] },
        ["biases"] = new() { Bias = LoraBias.All, OutputBias = true },
        ["biases-of-targets"] = new() { Bias = LoraBias.LoraOnly, TargetModules = ["o_proj"] },
    };

    private readonly TemporaryFolder temporary = TestPaths.NewTemporaryFolder();

    private string Root => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : temporary.Path;

    public static IEnumerable<TheoryDataRow<string, string>> Cases() =>
        from model in new[] { "llama-default", "llama-tied-headdim", "phi3-longrope", "qwen2", "gemma2", "granite-bias" }
        from options in Options.Keys
        select new TheoryDataRow<string, string>(model, options);

    [Theory, MemberData(nameof(Cases))]
    public void Save_NewAdapter_ForPeft(string name, string options)
    {
        string folder = Path.Combine(Root, $"{name}-{options}");
        using CausalLanguageModel model = FixtureModels.Load(name);
        model.Save(Path.Combine(folder, "base"));
        LoraAdapter adapter = model.AddAdapter(Options[options], 1);
        LoraAdapterTests.Disturb(adapter);
        adapter.Save(folder, "base");
        var random = new Random(11);
        int[] ids = [.. Enumerable.Range(0, 30).Select(_ => random.Next(3, model.Config.VocabularySize))];
        float[] logits = ModelFixtureTests.Logits(model, ids);
        SafetensorsWriter.Write(Path.Combine(folder, "expected.safetensors"),
        [
            SafetensorsEntry.Create<long>("input_ids", [1, ids.Length], ids.Select(id => (long)id).ToArray()),
            SafetensorsEntry.Create<float>("logits", [1, ids.Length, model.Config.VocabularySize], logits),
        ]);
        using CausalLanguageModel again = CausalLanguageModel.Load(Path.Combine(folder, "base"));
        Assert.NotEqual(logits, ModelFixtureTests.Logits(again, ids));
        LoraAdapter.Load(folder, again);
        Assert.Equal(logits, ModelFixtureTests.Logits(again, ids));
    }

    public void Dispose() => temporary.Dispose();
}
