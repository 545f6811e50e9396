using LongContext.Packing;
using LongContext.TestSupport;

namespace LongContext.Data;

/// <summary>Walking through sources and packs, and carrying states through a file.</summary>
internal static class SourceWalks
{
    /// <summary>All that is left, or the first so many.</summary>
    public static List<TokenSequence> Take(this IDataSource<TokenSequence> source, int most = int.MaxValue)
    {
        List<TokenSequence> taken = [];
        while (taken.Count < most && source.Next(TestContext.Current.CancellationToken) is { } sequence) taken.Add(sequence);
        return taken;
    }

    public static List<PackedBatch> Take(this IPackFeed packs, int most = int.MaxValue)
    {
        List<PackedBatch> taken = [];
        while (taken.Count < most && packs.Next(TestContext.Current.CancellationToken) is { } pack) taken.Add(pack);
        return taken;
    }

    public static int[] FirstTokens(this IEnumerable<TokenSequence> sequences) => [.. sequences.Select(sequence => sequence.Tokens.Span[0])];

    /// <summary>All that a step sees of a pack.</summary>
    public static string Text(this PackedBatch pack) => string.Join(
        '|',
        string.Join(',', pack.InputIds.ToArray()),
        string.Join(',', pack.CumulativeSequenceLengths.ToArray()),
        string.Join(',', pack.Labels.ToArray()),
        string.Join(',', pack.LossWeights.ToArray().Select(BitConverter.SingleToInt32Bits)),
        BitConverter.DoubleToInt64Bits(pack.LossNormalizer));

    public static string[] Texts(this IEnumerable<PackedBatch> packs) => [.. packs.Select(Text)];

    /// <summary>The state as another process would get it.</summary>
    public static StreamState ThroughAFile(this StreamState state)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        state.Save(folder["state"]);
        return StreamState.Load(folder["state"]);
    }

    /// <summary>Sequences whose first token is their number.</summary>
    public static TokenSequence[] Numbered(int count, int first = 0) =>
        [.. Enumerable.Range(first, count).Select(i => new TokenSequence(new[] { i, 1000 + i }))];
}
