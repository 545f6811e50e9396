using LongContext.Cuda.Attention;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>Documents and a mask to compute attention for.</summary>
/// <param name="Name">Names it in test lists.</param>
/// <param name="QueryLengths">Queries of each document.</param>
/// <param name="KeyLengths">Keys of each document; null for the same.</param>
internal sealed record AttentionCase(string Name, int[] QueryLengths, int[]? KeyLengths = null)
{
    public AttentionElement Element { get; init; } = AttentionElement.BFloat16;

    public int HeadSize { get; init; } = 64;

    public int Heads { get; init; } = 1;

    public int KeyHeads { get; init; } = 1;

    public int WindowLeft { get; init; } = AttentionParameters.NoWindow;

    public int WindowRight { get; init; }

    public float Cap { get; init; }

    public bool Deterministic { get; init; }

    public int[] QueryBorders => Borders(QueryLengths);

    public int[] KeyBorders => Borders(KeyLengths ?? QueryLengths);

    public int Tokens => QueryLengths.Sum();

    public int Keys => (KeyLengths ?? QueryLengths).Sum();

    public AttentionShape Shape => new()
    {
        Element = Element, HeadSize = HeadSize, Heads = Heads, KeyHeads = KeyHeads, WindowLeft = WindowLeft, WindowRight = WindowRight,
        Scale = 1 / MathF.Sqrt(HeadSize), Cap = Cap, Deterministic = Deterministic,
    };

    /// <summary>The mask of a document.</summary>
    public DocumentMask Mask(int document) =>
        new(QueryLengths[document], (KeyLengths ?? QueryLengths)[document], WindowLeft, WindowRight);

    public override string ToString() => $"{Name} {Element} {HeadSize} {Heads}/{KeyHeads}";

    private static int[] Borders(int[] lengths)
    {
        int[] borders = new int[lengths.Length + 1];
        for (int i = 0; i < lengths.Length; i++) borders[i + 1] = borders[i] + lengths[i];
        return borders;
    }
}
