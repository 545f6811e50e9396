namespace LongContext.Benchmarks.Gpu;

/// <summary>Sizes of a Llama.</summary>
internal sealed record GpuStepShape(string Name, int Hidden, int Intermediate, int Layers, int Heads, int KeyHeads, int HeadSize, int Vocabulary)
{
    public static IReadOnlyList<GpuStepShape> All { get; } =
    [
        new("1B", 2_048, 8_192, 16, 32, 8, 64, 128_256),
        new("8B", 4_096, 14_336, 32, 32, 8, 128, 128_256),
    ];

    /// <summary>Queries, keys and values of a token side by side.</summary>
    public int Projected => (Heads + (2 * KeyHeads)) * HeadSize;
}
