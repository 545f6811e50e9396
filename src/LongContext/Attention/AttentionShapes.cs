using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Attention;

/// <summary>The checks at the border of every attention kernel.</summary>
internal static class AttentionShapes
{
    /// <exception cref="ArgumentException">A shape or a border does not fit; the message names it.</exception>
    public static void Check(Tensor q, Tensor k, Tensor v, AttentionArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(q);
        ArgumentNullException.ThrowIfNull(k);
        ArgumentNullException.ThrowIfNull(v);
        ArgumentNullException.ThrowIfNull(arguments);
        if (q.dim() != 3) throw Fault(nameof(q), "[T, heads, headDim]", q);
        if (k.dim() != 3 || k.size(2) != q.size(2)) throw Fault(nameof(k), $"[S, kvHeads, {q.size(2)}]", k);
        if (!v.HasShapeOf(k)) throw Fault(nameof(v), $"the keys' shape [{string.Join(", ", k.shape)}]", v);
        if (k.size(1) == 0 || q.size(1) % k.size(1) != 0)
            throw Fault(nameof(k), $"a number of heads that divides the queries' {q.size(1)}", k);
        if (!IsLike(q, k)) throw Fault(nameof(k), q, k);
        if (!IsLike(q, v)) throw Fault(nameof(v), q, v);
        if (arguments.Scale is { } scale && !double.IsFinite(scale))
            throw new ArgumentException($"Scale must be a number, but is {scale}.", nameof(arguments));
        if (arguments.SlidingWindow is <= 0)
            throw new ArgumentException($"SlidingWindow must be at least 1, but is {arguments.SlidingWindow}.", nameof(arguments));
        if (arguments.SoftCap is { } cap && !(cap > 0 && double.IsFinite(cap)))
            throw new ArgumentException($"SoftCap must be a positive number, but is {cap}.", nameof(arguments));

        CheckBorders(arguments.CumulativeSequenceLengths.Span, q.size(0), nameof(arguments.CumulativeSequenceLengths));
        CheckBorders(arguments.KeyLengths, k.size(0), nameof(arguments.CumulativeKeyLengths));
        if (arguments.KeyLengths.Length != arguments.CumulativeSequenceLengths.Length)
            throw new ArgumentException(
                $"Queries have {arguments.CumulativeSequenceLengths.Length - 1} documents, keys have {arguments.KeyLengths.Length - 1}.", nameof(arguments));
        if (arguments.Causal || arguments.SlidingWindow is not null) CheckQueriesAreLast(arguments);
    }

    /// <summary>Queries before the first key would see nothing, and their softmax be 0/0.</summary>
    private static void CheckQueriesAreLast(AttentionArguments arguments)
    {
        ReadOnlySpan<int> queries = arguments.CumulativeSequenceLengths.Span, keys = arguments.KeyLengths;
        for (int i = 0; i + 1 < queries.Length; i++)
        {
            int queryCount = queries[i + 1] - queries[i], keyCount = keys[i + 1] - keys[i];
            if (queryCount > keyCount)
            {
                throw new ArgumentException(
                    $"CumulativeKeyLengths: document {i} has {keyCount} keys for {queryCount} queries, "
                    + "but with a causal mask or a window its queries are its last tokens.", nameof(arguments));
            }
        }
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

    private static bool IsLike(Tensor queries, Tensor other) =>
        other.dtype == queries.dtype && other.device_type == queries.device_type && other.device_index == queries.device_index;

    private static ArgumentException Fault(string name, Tensor queries, Tensor actual) =>
        new($"Expected the queries' {queries.dtype} on {queries.device}, but it is {actual.dtype} on {actual.device}.", name);

    private static ArgumentException Fault(string name, string expected, Tensor actual) =>
        new($"Expected {expected}, but the shape is [{string.Join(", ", actual.shape)}].", name);
}
