using static TorchSharp.torch;

namespace LongContext.Attention;

/// <summary>The checks at the border of every attention kernel.</summary>
internal static class AttentionShapes
{
    /// <exception cref="ArgumentException">A shape or a border does not fit; the message names it.</exception>
    public static void Check(Tensor q_THD, Tensor k_SKD, Tensor v_SKD, AttentionArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(q_THD);
        ArgumentNullException.ThrowIfNull(k_SKD);
        ArgumentNullException.ThrowIfNull(v_SKD);
        ArgumentNullException.ThrowIfNull(arguments);
        if (q_THD.dim() != 3) throw Fault(nameof(q_THD), "[T, heads, headDim]", q_THD);
        if (k_SKD.dim() != 3 || k_SKD.shape[2] != q_THD.shape[2]) throw Fault(nameof(k_SKD), $"[S, kvHeads, {q_THD.shape[2]}]", k_SKD);
        if (!v_SKD.shape.AsSpan().SequenceEqual(k_SKD.shape)) throw Fault(nameof(v_SKD), $"the keys' shape [{string.Join(", ", k_SKD.shape)}]", v_SKD);
        if (k_SKD.shape[1] == 0 || q_THD.shape[1] % k_SKD.shape[1] != 0)
            throw Fault(nameof(k_SKD), $"a number of heads that divides the queries' {q_THD.shape[1]}", k_SKD);
        if (arguments.SlidingWindow is <= 0)
            throw new ArgumentException($"SlidingWindow must be at least 1, but is {arguments.SlidingWindow}.", nameof(arguments));
        if (arguments.SoftCap is { } cap && !(cap > 0 && double.IsFinite(cap)))
            throw new ArgumentException($"SoftCap must be a positive number, but is {cap}.", nameof(arguments));

        CheckBorders(arguments.CumulativeSequenceLengths.Span, q_THD.shape[0], nameof(arguments.CumulativeSequenceLengths));
        CheckBorders(arguments.KeyLengths, k_SKD.shape[0], nameof(arguments.CumulativeKeyLengths));
        if (arguments.KeyLengths.Length != arguments.CumulativeSequenceLengths.Length)
            throw new ArgumentException(
                $"Queries have {arguments.CumulativeSequenceLengths.Length - 1} documents, keys have {arguments.KeyLengths.Length - 1}.", nameof(arguments));
    }

    private static void CheckBorders(ReadOnlySpan<int> borders, long tokens, string name)
    {
        if (borders.Length < 2 || borders[0] != 0 || borders[^1] != tokens)
            throw new ArgumentException($"{name} must run from 0 to the number of tokens, {tokens}.");
        for (int i = 1; i < borders.Length; i++)
        {
            if (borders[i] < borders[i - 1])
                throw new ArgumentException($"{name} must not decrease, but entry {i} is {borders[i]} after {borders[i - 1]}.");
        }
    }

    private static ArgumentException Fault(string name, string expected, Tensor actual) =>
        new($"Expected {expected}, but the shape is [{string.Join(", ", actual.shape)}].", name);
}
