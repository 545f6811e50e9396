using static TorchSharp.torch;

namespace LongContext.Benchmarks.Harness;

/// <summary>A suite compares ways to one result: setup checks that they reach it, as a fast wrong answer is worth nothing.</summary>
internal static class Agreement
{
    public static void Require(string what, double expected, double actual, double tolerance)
    {
        if (Math.Abs(expected - actual) <= tolerance) return;
        throw new InvalidOperationException(
            $"{what}: the baseline gives {expected}, the other {actual}; expected a difference of at most {tolerance}.");
    }

    public static void Require(string what, Tensor expected, Tensor actual, double tolerance)
    {
        using var scope = NewDisposeScope();
        Require(what + ", greatest difference", 0, (expected - actual).abs().max().to(ScalarType.Float64).item<double>(), tolerance);
    }

    public static void Require<T>(string what, IEnumerable<T> expected, IEnumerable<T> actual)
    {
        if (!expected.SequenceEqual(actual)) throw new InvalidOperationException($"{what}: the baseline's result is another.");
    }
}
