using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.TestSupport;

namespace LongContext.Tests.Models;

/// <summary>The model folders of the fixtures, and their golden tensors.</summary>
internal static class FixtureModels
{
    public static IEnumerable<TheoryDataRow<string>> All() => TestPaths.FixtureFolders("hf", "models");

    public static string Folder(string name) => Path.Combine(TestPaths.Fixtures, "hf", "models", name);

    public static CausalLanguageModel Load(string name, ModelLoadOptions? options = null) => CausalLanguageModel.Load(Folder(name), options);

    public static SafetensorsFile Golden(string name) => SafetensorsFile.Open(Path.Combine(Folder(name), "golden.safetensors"));

    /// <summary>A row of a golden id matrix.</summary>
    public static int[] Ids(SafetensorsFile golden, string tensor, int row = 0)
    {
        TensorInfo info = golden.Tensors[tensor];
        int width = (int)info.Shape[^1];
        return [.. golden.ReadArray<long>(tensor).Skip(row * width).Take(width).Select(id => (int)id)];
    }
}
