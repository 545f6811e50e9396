using LongContext.Checkpoints;

namespace LongContext.Benchmarks.Checkpoints;

/// <summary>A file of float32 tensors in a temporary folder, gone when disposed.</summary>
internal sealed class SafetensorsSample : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("longcontext-benchmarks-");

    public SafetensorsSample(int count, int elements)
    {
        var values = new float[elements];
        var random = new Random(1);
        for (int i = 0; i < elements; i++) values[i] = random.NextSingle();
        Path = System.IO.Path.Combine(folder.FullName, "model.safetensors");
        SafetensorsWriter.Write(Path, [.. Enumerable.Range(0, count).Select(i =>
            SafetensorsEntry.Create<float>($"model.layers.{i}.self_attn.q_proj.weight", [elements], values))]);
    }

    public string Path { get; }

    public void Dispose() => folder.Delete(recursive: true);
}
