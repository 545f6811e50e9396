using LongContext.Models;

namespace LongContext.Generation.Scheduling;

/// <summary>How much computing a token is, in operations: the layers' matrices, and each key that it sees. By it steps are bounded in time, where tokens alone would not do.</summary>
/// <remarks>Without it a chunk of 512 tokens behind 100,000 others takes some fifty times as long as one at the beginning, and for as long nobody else's tokens come and nobody new begins.</remarks>
internal sealed class StepWork
{
    /// <summary>Work of a step that is never cut: some tens of milliseconds on a few cores, or on a GPU.</summary>
    private const double LeastOnCpu = 1e10, LeastOnGpu = 2e13;

    /// <summary>A step may be this many times what its tokens are without any keys.</summary>
    private const double Factor = 2;

    private readonly double matrices;
    private readonly double least;
    private readonly (int Window, double EachKey)[] groups;

    /// <summary>The work of a model.</summary>
    public StepWork(DecoderShape shape, bool onGpu)
    {
        matrices = 2.0 * DecoderTensors.All(shape).Where(tensor => tensor.Shape.Length > 1 && tensor.Name is not (DecoderTensors.Embedding or DecoderTensors.Head))
            .Sum(tensor => (double)tensor.Shape[0] * tensor.Shape[1]);
        groups = [.. shape.Layers.GroupBy(layer => layer.SlidingWindow).Select(group => (group.Key ?? int.MaxValue, 4.0 * shape.HeadCount * shape.HeadDimension * group.Count()))];
        least = onGpu ? LeastOnGpu : LeastOnCpu;
    }

    /// <summary>Operations of a token at a position.</summary>
    public double Of(int position) => Of(position, 1, 0, null);

    /// <summary>Operations of a run of tokens, to a rounding: where a window ends among them it is a little less.</summary>
    /// <param name="position">The first one's number in the text.</param>
    /// <param name="count">How many.</param>
    /// <param name="dropped">Tokens before them that layers without a window hold no more.</param>
    /// <param name="sinks">What such layers see; null for all that they hold.</param>
    public double Of(int position, int count, int dropped = 0, AttentionSinks? sinks = null) => (Each(position, dropped, sinks) + Each(position + count - 1, dropped, sinks)) / 2 * count;

    /// <summary>What a step of so many tokens may take.</summary>
    public double Limit(int tokens) => Math.Max(Factor * tokens * matrices, least);

    /// <summary>How many of the next tokens are within some operations.</summary>
    public int Within(int position, int most, double operations, int dropped = 0, AttentionSinks? sinks = null)
    {
        int low = 0, high = most;
        while (low < high)
        {
            int middle = low + ((high - low + 1) / 2);
            if (Of(position, middle, dropped, sinks) <= operations) low = middle;
            else high = middle - 1;
        }

        return low;
    }

    private double Each(int position, int dropped, AttentionSinks? sinks)
    {
        double sum = matrices;
        long most = sinks is null ? long.MaxValue : (long)sinks.Sinks + sinks.Window;
        foreach ((int window, double each) in groups) sum += each * (window == int.MaxValue ? Math.Min(position + 1L - dropped, most) : Math.Min(position + 1L, window));
        return sum;
    }
}
