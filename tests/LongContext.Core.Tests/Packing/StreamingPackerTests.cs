using FsCheck;
using FsCheck.Fluent;
using LongContext.Data;

namespace LongContext.Packing;

public sealed class StreamingPackerTests
{
    [Fact]
    public void Next_AnyStream_LosesNothingDoublesNothingAndSplitsNothingUnasked() => ForAll((sequences, options, _) =>
    {
        StreamingPacker packer = new(Source(sequences), options);
        List<PackedBatch> packs = packer.Take();
        List<PackedDocument> documents = [];
        foreach (TokenSequence sequence in sequences) OverlengthCutter.Append(documents, sequence, options.ContextLength, options.Overlength);
        Assert.Equal(documents.Select(document => PackedBatch.Create([document], options.LossWeighting).Text()).Order(StringComparer.Ordinal), packs.SelectMany(Documents).Order(StringComparer.Ordinal));
        Assert.All(packs, pack => Assert.InRange(pack.TokenCount, 1, options.ContextLength));
        AssertReport(packer.Report, sequences, documents, packs, options);
        Assert.Null(packer.Next(TestContext.Current.CancellationToken));
    });

    [Fact]
    public void Restore_AfterAnyPack_GoesOnAsIfNeverStopped() => ForAll((sequences, options, stop) =>
    {
        StreamingPacker straight = new(Source(sequences), options);
        string[] whole = straight.Take().Texts();
        StreamingPacker first = new(Source(sequences), options), second = new(Source(sequences), options);
        string[] begun = first.Take(stop).Texts();
        second.Take(2); // wherever it stood before
        StreamState state = first.Capture();
        first.Take(3); // the state stays what it was
        second.Restore(state.ThroughAFile());
        Assert.Equal(whole, begun.Concat(second.Take().Texts()));
        Assert.Equal(straight.Report, second.Report);
    });

    [Fact]
    public void Next_NextFitAsPacked_KeepsTheStreamsOrderWhateverTheWindow() => ForAll((sequences, options, _) =>
    {
        StreamingPackerOptions inOrder = With(options, PackingAlgorithm.NextFit, PackOrder.AsPacked, null);
        List<PackedDocument> documents = [];
        foreach (TokenSequence sequence in sequences) OverlengthCutter.Append(documents, sequence, options.ContextLength, options.Overlength);
        int[] lengths = [.. documents.Select(document => document.Sequence.Length)];
        IEnumerable<string> expected = BinPacker.Pack(lengths, options.ContextLength, PackingAlgorithm.NextFit)
            .Select(bin => PackedBatch.Create([.. bin.Select(i => documents[i])], options.LossWeighting).Text());
        Assert.Equal(expected, new StreamingPacker(Source(sequences), inOrder).Take().Texts());
    });

    [Fact]
    public void Next_OneWindow_GivesThePacksOfTheWholeInTheOrderAsked() => ForAll((sequences, options, _) =>
    {
        // Nothing waits, since the stream ends within the window.
        StreamingPackerOptions Whole(PackOrder order) => With(options, PackingAlgorithm.BestFitDecreasing, order, null, window: 100_000);
        List<PackedDocument> documents = [];
        foreach (TokenSequence sequence in sequences) OverlengthCutter.Append(documents, sequence, options.ContextLength, options.Overlength);
        IReadOnlyList<int[]> bins = BinPacker.Pack([.. documents.Select(document => document.Sequence.Length)], options.ContextLength, PackingAlgorithm.BestFitDecreasing);
        string[] expected = [.. bins.Select(bin => PackedBatch.Create([.. bin.Select(i => documents[i])], options.LossWeighting).Text())];
        Assert.Equal(expected, new StreamingPacker(Source(sequences), Whole(PackOrder.AsPacked)).Take().Texts());
        Assert.Equal(expected.Order(StringComparer.Ordinal), new StreamingPacker(Source(sequences), Whole(PackOrder.Shuffled)).Take().Texts().Order(StringComparer.Ordinal));
        long[] costs = [.. new StreamingPacker(Source(sequences), Whole(PackOrder.LongestFirst)).Take().Select(AttentionCost)];
        Assert.Equal(costs.OrderDescending(), costs);
    });

    [Fact]
    public void Next_SortedBatches_AreNeighboursInLengthAndWholeButTheLast() => ForAll((sequences, options, stop) =>
    {
        int size = 1 + (stop % 5);
        StreamingPackerOptions sorted = With(options, PackingAlgorithm.BestFitDecreasing, PackOrder.AsPacked, size, window: 100_000);
        List<PackedBatch> packs = new StreamingPacker(Source(sequences), sorted).Take();
        Assert.All(packs, pack => Assert.Equal(1, pack.DocumentCount));
        int[] lengths = [.. packs.Select(pack => pack.TokenCount)];
        int[][] expected = [.. lengths.OrderDescending().Chunk(size)];
        int[][] batches = [.. lengths.Chunk(size)];
        Assert.Equal(expected.Select(batch => string.Join(',', batch)).Order(StringComparer.Ordinal), batches.Select(batch => string.Join(',', batch)).Order(StringComparer.Ordinal));
        if (lengths.Length % size != 0) Assert.Equal(expected[^1], batches[^1]);
    });

    [Fact]
    public void Next_SmallWindows_LooksNoFurtherAhead() => ForAll((sequences, options, _) =>
    {
        long read = 0, given = 0;
        IDataSource<TokenSequence> source = DataSource.FromFunction(
            i =>
            {
                read += sequences[(int)i].Length;
                return sequences[(int)i];
            },
            sequences.Count);
        StreamingPackerOptions split = With(options, options.Algorithm, options.Order, options.SortedBatchSize, overlength: OverlengthPolicy.Split);
        StreamingPacker packer = new(source, split);
        while (packer.Next(TestContext.Current.CancellationToken) is { } pack)
        {
            given += pack.TokenCount;
            // The window, and the sequence that passed it; a batch of single documents may need more.
            long most = split.EffectiveWindowTokens + (split.SortedBatchSize is { } size ? (long)size * split.ContextLength : 0) + (3L * split.ContextLength);
            Assert.InRange(read - given, 0, most);
        }
    });

    [Fact]
    public void Next_LongTailedStream_FillsPacks()
    {
        // Lengths as LongAlign's: most short, a few near the context; 32K packs over windows of 64.
        Random random = new(5);
        int[] tokens = new int[32768];
        TokenSequence[] sequences = [.. Enumerable.Range(0, 20_000).Select(_ => new TokenSequence(tokens.AsMemory(0, (int)Math.Min(32768, 64 * Math.Exp(6.2 * random.NextDouble())))))];
        double Fill(PackingAlgorithm algorithm)
        {
            StreamingPacker packer = new(Source(sequences), new StreamingPackerOptions { ContextLength = 32768, Algorithm = algorithm });
            packer.Take();
            return packer.Report.FillRate;
        }

        double best = Fill(PackingAlgorithm.BestFitDecreasing), inOrder = Fill(PackingAlgorithm.NextFit);
        Assert.InRange(best, 0.99, 1);
        Assert.True(inOrder < best - 0.05, $"next fit fills {inOrder}, best fit {best}");
    }

    [Fact]
    public void Next_DocumentThatFitsNowhere_WaitsOnlySoLong()
    {
        // 6 of 10 tokens, and everything else fills a pack alone.
        IDataSource<TokenSequence> source = DataSource.FromFunction(i => new TokenSequence(new int[i == 0 ? 6 : 10]), 1000);
        StreamingPacker packer = new(source, new StreamingPackerOptions { ContextLength = 10, WindowDocuments = 4, MaximumWindows = 3 });
        List<PackedBatch> packs = packer.Take();
        // Three windows of four documents.
        Assert.InRange(packs.FindIndex(pack => pack.TokenCount == 6), 8, 12);
        Assert.Equal(1000, packs.Count);
    }

    [Fact]
    public void Next_SourceFails_LosesNothing()
    {
        int failures = 0;
        IDataSource<TokenSequence> source = DataSource.FromFunction(
            i => i % 7 == 3 && failures++ % 2 == 0 ? throw new InvalidDataException("the source's own") : new TokenSequence(new[] { (int)i }), 50);
        StreamingPacker packer = new(source, new StreamingPackerOptions { ContextLength = 4, WindowDocuments = 10 });
        List<int> tokens = [];
        int faults = 0;
        while (true)
        {
            try
            {
                if (packer.Next(TestContext.Current.CancellationToken) is not { } pack) break;
                tokens.AddRange(pack.InputIds.ToArray());
            }
            catch (InvalidDataException)
            {
                faults++;
                // A state taken in the middle of a window is whole too.
                packer.Restore(packer.Capture().ThroughAFile());
            }
        }

        Assert.Equal(7, faults);
        Assert.Equal(Enumerable.Range(0, 50), tokens.Order());
    }

    [Fact]
    public void Next_TooLongAndRefused_NamesSequenceAndGoesOnAfterIt()
    {
        StreamingPacker packer = new(Source([.. SourceWalks.Numbered(3), new TokenSequence(new int[9]), .. SourceWalks.Numbered(2, 10)]), new StreamingPackerOptions { ContextLength = 8 });
        string message = Assert.Throws<ArgumentException>(() => packer.Next(TestContext.Current.CancellationToken)).Message;
        foreach (string part in (string[])["Sequence 3", "9 tokens", "context length of 8", "Split", "Skip"]) Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.Equal([0, 1, 2, 10, 11], packer.Take().SelectMany(pack => pack.InputIds.ToArray()).Where(token => token < 1000).Order());
    }

    [Fact]
    public void Restore_OtherOptionsOrData_SaysWhichOnes()
    {
        StreamState state = new StreamingPacker(Source(SourceWalks.Numbered(9)), new StreamingPackerOptions { ContextLength = 8 }).Capture();
        StreamingPacker other = new(Source(SourceWalks.Numbered(9)), new StreamingPackerOptions { ContextLength = 16, LossWeighting = LossWeighting.PerSequence });
        string message = Assert.Throws<ArgumentException>(() => other.Restore(state)).Message;
        Assert.Contains("ContextLength was 8, here it is 16", message, StringComparison.Ordinal);
        Assert.Contains("LossWeighting was PerToken, here it is PerSequence", message, StringComparison.Ordinal);
        StreamingPacker otherData = new(Source(SourceWalks.Numbered(8)), new StreamingPackerOptions { ContextLength = 8 });
        Assert.Contains("count was 9, here it is 8", Assert.Throws<ArgumentException>(() => otherData.Restore(state)).Message, StringComparison.Ordinal);
        Assert.Equal(8, otherData.Take().Sum(pack => pack.DocumentCount)); // and nothing has changed
    }

    [Theory]
    [InlineData("documents", new[] { 0, 1, 0, -1 })]
    [InlineData("documents", new[] { 9, 8, 0, -1 })]
    [InlineData("documents", new[] { 2, 1, -1, -1 })]
    [InlineData("documents", new[] { 2, 0, 0, -1 })]
    [InlineData("documents", new[] { 2, 1, 0, 5 })]
    [InlineData("documents", new[] { 2, 1, 0 })]
    [InlineData("tokens", new[] { 1, 2, 3 })]
    [InlineData("tokens", new[] { 1 })]
    [InlineData("masks", new[] { 1 })]
    [InlineData("packs", new[] { 2 })]
    [InlineData("packs", new[] { 0 })]
    [InlineData("packs", new[] { -1 })]
    public void Restore_DamagedDocuments_SaysSo(string array, int[] values)
    {
        StreamState With(string name, int[] replacement)
        {
            StreamingPacker packer = new(Source(SourceWalks.Numbered(3)), new StreamingPackerOptions { ContextLength = 8 });
            StreamState good = packer.Capture(), state = new("streaming-packer");
            foreach (string number in (string[])["ended", "windows", "packs-given", "documents-given", "tokens-given", "sequences", "split", "truncated", "skipped", "dropped-tokens"]) state.Set(number, 0);
            state.Set("settings", good.GetState("settings")).Set("source", good.GetState("source"));
            foreach ((string each, int[] own) in new (string, int[])[] { ("documents", [2, 1, 0, -1]), ("tokens", [1, 2]), ("masks", []), ("packs", [1]) })
                state.SetArray(each, () => [each == name ? replacement : own]);
            packer.Restore(state);
            return state;
        }

        With("none", []); // sound without the replacement
        Assert.Contains("is damaged", Assert.Throws<DataFormatException>(() => With(array, values)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_SeveralFaults_NamesAll()
    {
        StreamingPackerOptions bad = new()
        {
            ContextLength = 0,
            WindowDocuments = 0,
            MinimumFill = 1.1,
            MaximumWindows = 0,
            SortedBatchSize = 0,
            Order = PackOrder.Shuffled,
            Algorithm = (PackingAlgorithm)9,
        };
        string message = Assert.Throws<ArgumentException>(() => new StreamingPacker(Source(SourceWalks.Numbered(1)), bad)).Message;
        foreach (string part in (string[])["ContextLength is 0", "WindowDocuments is 0", "MinimumFill is 1.1", "MaximumWindows is 0", "SortedBatchSize is 0", "Order is Shuffled", "Algorithm is 9"])
            Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.Contains("WindowTokens is 15", Assert.Throws<ArgumentException>(
            () => new StreamingPacker(Source(SourceWalks.Numbered(1)), new StreamingPackerOptions { ContextLength = 8, WindowTokens = 15 })).Message, StringComparison.Ordinal);
    }

    private static IDataSource<TokenSequence> Source(IReadOnlyList<TokenSequence> sequences) => DataSource.FromList(sequences, seed: null);

    private static IEnumerable<string> Documents(PackedBatch pack)
    {
        int[] borders = pack.CumulativeSequenceLengths.ToArray();
        for (int d = 0; d + 1 < borders.Length; d++)
        {
            Range range = borders[d]..borders[d + 1];
            int[] labels = pack.Labels.ToArray()[range];
            float[] weights = pack.LossWeights.ToArray()[range];
            double share = PackedShare(pack, weights, labels);
            yield return string.Join(
                '|', string.Join(',', pack.InputIds.ToArray()[range]), $"0,{labels.Length}", string.Join(',', labels),
                string.Join(',', weights.Select(BitConverter.SingleToInt32Bits)), BitConverter.DoubleToInt64Bits(share));
        }
    }

    /// <summary>A document's part of the normaliser: its targets, or its share of its sequence.</summary>
    private static double PackedShare(PackedBatch pack, float[] weights, int[] labels)
    {
        int targets = labels.Count(label => label != PackedBatch.Ignored);
        bool perToken = pack.LossNormalizer == pack.TargetCount && weights.All(weight => weight is 0 or 1);
        if (targets == 0) return 0;
        return perToken || weights.Max() == 1 ? (perToken ? targets : 1) : (double)targets / (int)Math.Round(1 / weights.Max());
    }

    private static long AttentionCost(PackedBatch pack)
    {
        int[] borders = pack.CumulativeSequenceLengths.ToArray();
        return borders.Zip(borders.Skip(1)).Sum(pair => (long)(pair.Second - pair.First) * (pair.Second - pair.First));
    }

    private static void AssertReport(PackingReport report, IReadOnlyList<TokenSequence> sequences, List<PackedDocument> documents, List<PackedBatch> packs, StreamingPackerOptions options)
    {
        int[] tooLong = [.. sequences.Select(sequence => sequence.Length).Where(length => length > options.ContextLength)];
        Assert.Equal((packs.Count, documents.Count, sequences.Count), (report.Packs, report.Documents, report.Sequences));
        Assert.Equal(packs.Sum(pack => (long)pack.TokenCount), report.Tokens);
        Assert.Equal((long)packs.Count * options.ContextLength, report.Capacity);
        Assert.Equal(options.Overlength == OverlengthPolicy.Split ? tooLong.Length : 0, report.Split);
        Assert.Equal(options.Overlength == OverlengthPolicy.Skip ? tooLong.Length : 0, report.Skipped);
        Assert.Equal(options.Overlength is OverlengthPolicy.Split or OverlengthPolicy.Skip ? 0 : tooLong.Length, report.Truncated);
        Assert.Equal(sequences.Sum(sequence => (long)sequence.Length), report.Tokens + report.DroppedTokens);
    }

    private static StreamingPackerOptions With(
        StreamingPackerOptions options, PackingAlgorithm algorithm, PackOrder order, int? sortedBatch, int? window = null, OverlengthPolicy? overlength = null) => new()
    {
        ContextLength = options.ContextLength,
        Algorithm = algorithm,
        Overlength = overlength ?? options.Overlength,
        LossWeighting = options.LossWeighting,
        WindowDocuments = window ?? options.WindowDocuments,
        WindowTokens = window is null ? options.WindowTokens : 1 << 30,
        MinimumFill = options.MinimumFill,
        MaximumWindows = options.MaximumWindows,
        Order = order,
        SortedBatchSize = sortedBatch,
        Seed = options.Seed,
    };

    /// <summary>Random streams with random options and a place to stop at; FsCheck shrinks what fails.</summary>
    private static void ForAll(Action<IReadOnlyList<TokenSequence>, StreamingPackerOptions, int> property)
    {
        OverlengthPolicy[] policies = [.. Enum.GetValues<OverlengthPolicy>().Where(policy => policy != OverlengthPolicy.Refuse)];
        var instances = Arb.From(
            from context in Gen.Choose(1, 40)
            from longest in Gen.Choose(1, context * 2)
            from seeds in Gen.Choose(0, 1_000_000).NonEmptyListOf()
            from window in Gen.Choose(1, 20)
            from windowTokens in Gen.Choose(0, 100)
            from choice in Gen.Choose(0, 1_000_000)
            from stop in Gen.Choose(0, 30)
            select (context, longest, seeds, window, windowTokens, choice, stop));
        Prop.ForAll(instances, instance =>
        {
            Random random = new(instance.choice);
            int? sorted = random.Next(4) == 0 ? random.Next(1, 6) : null;
            StreamingPackerOptions options = new()
            {
                ContextLength = instance.context,
                Algorithm = (PackingAlgorithm)random.Next(3),
                Overlength = policies[random.Next(policies.Length)],
                LossWeighting = (LossWeighting)random.Next(2),
                WindowDocuments = instance.window,
                WindowTokens = instance.windowTokens == 0 ? null : (2 * instance.context) + instance.windowTokens,
                MinimumFill = random.Next(3) switch { 0 => 1, 1 => 0, _ => random.NextDouble() },
                MaximumWindows = random.Next(1, 5),
                Order = sorted is null ? (PackOrder)random.Next(3) : PackOrder.AsPacked,
                SortedBatchSize = sorted,
                Seed = random.Next(),
            };
            property([.. instance.seeds.Select(seed => RandomSequences.Next(new Random(seed), instance.longest))], options, instance.stop);
        }).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(250).WithEndSize(60));
    }
}
