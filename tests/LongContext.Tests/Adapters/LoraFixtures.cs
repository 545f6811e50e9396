using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.TestSupport;

namespace LongContext.Tests.Adapters;

/// <summary>The adapter folders of the fixtures: every folder below hf with base.txt, adapter/ and golden.safetensors.</summary>
internal static class LoraFixtures
{
    private static readonly string Root = Path.Combine(TestPaths.Fixtures, "hf");

    public static IEnumerable<TheoryDataRow<string>> All()
    {
        string[] found = Directory.Exists(Root) ? Directory.GetFiles(Root, "base.txt", SearchOption.AllDirectories) : [];
        if (found.Length == 0) return [new TheoryDataRow<string>("none") { Skip = $"no case under {Root}" }];
        return [.. found.Select(file => Path.GetRelativePath(Root, Path.GetDirectoryName(file)!).Replace('\\', '/')).Order(StringComparer.Ordinal).Select(name => new TheoryDataRow<string>(name))];
    }

    public static string Adapter(string name) => Path.Combine(Root, name, "adapter");

    public static SafetensorsFile Golden(string name) => SafetensorsFile.Open(Path.Combine(Root, name, "golden.safetensors"));

    /// <summary>The model that base.txt names, among the fixtures' models or in the case's own folder.</summary>
    public static CausalLanguageModel LoadBase(string name, ModelLoadOptions? options = null)
    {
        string asked = File.ReadAllText(Path.Combine(Root, name, "base.txt")).Trim(), own = Path.Combine(Root, name, asked);
        return CausalLanguageModel.Load(Directory.Exists(own) ? own : Path.Combine(Root, "models", asked), options);
    }

    public static (CausalLanguageModel Model, LoraAdapter Adapter) Load(string name, ModelLoadOptions? options = null)
    {
        CausalLanguageModel model = LoadBase(name, options);
        return (model, LoraAdapter.Load(Adapter(name), model));
    }

    /// <summary>The name in the folder of a parameter that PEFT calls by a name with the adapter's in it.</summary>
    public static string PlainName(string key) =>
        key["grad.".Length..].Replace(".modules_to_save.default.", ".", StringComparison.Ordinal).Replace(".lora_magnitude_vector.default.weight", ".lora_magnitude_vector", StringComparison.Ordinal)
            .Replace(".default.", ".", StringComparison.Ordinal).Replace(".lora_embedding_A.default", ".lora_embedding_A", StringComparison.Ordinal)
            .Replace(".lora_embedding_B.default", ".lora_embedding_B", StringComparison.Ordinal);
}
