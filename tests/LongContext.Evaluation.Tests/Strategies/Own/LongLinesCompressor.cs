using LongContext.Evaluation.Strategies.Compression;

namespace LongContext.Evaluation.Strategies.Own;

/// <summary>A compressor of one's own: lines are dropped, the shortest first, until the rest fits. The strategy around it knows budgets, names and details.</summary>
internal sealed class LongLinesCompressor : IContextCompressor
{
    public string Name => "long lines";

    public string Identity => "long lines 1";

    public ValueTask<CompressedContext> CompressAsync(CompressionRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        List<string> lines = [.. request.Context.Split('\n')];
        while (lines.Count > 1 && !request.Fits(string.Join('\n', lines))) lines.Remove(lines.MinBy(line => line.Length)!);
        return ValueTask.FromResult(new CompressedContext(string.Join('\n', lines)));
    }
}
