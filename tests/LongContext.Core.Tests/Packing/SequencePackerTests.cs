namespace LongContext.Packing;

public sealed class SequencePackerTests
{
    [Theory]
    [MemberData(nameof(Settings))]
    public void Pack_RandomSequences_EachDocumentComesBackWholeAndOnce(PackingAlgorithm algorithm, LossWeighting weighting)
    {
        Random random = new(5);
        for (int round = 0; round < 30; round++)
        {
            // Tokens are unique numbers, so a document is known again by its first one.
            int next = 0;
            TokenSequence[] sequences =
            [
                .. Enumerable.Range(0, random.Next(1, 60)).Select(_ =>
                {
                    TokenSequence shape = RandomSequences.Next(random, 32);
                    return new TokenSequence(Enumerable.Range(next, shape.Length).Select(_ => next++).ToArray(), shape.LossMask);
                }),
                new TokenSequence(new[] { next++, next++ }),
            ];
            IReadOnlyList<PackedBatch> packs = new SequencePacker(
                new SequencePackerOptions { ContextLength = 32, Algorithm = algorithm, LossWeighting = weighting }).Pack(sequences);

            Dictionary<int, TokenSequence> byFirst = sequences.ToDictionary(sequence => sequence.Tokens.Span[0]);
            List<int> order = [];
            foreach (PackedBatch pack in packs)
            {
                Assert.InRange(pack.TokenCount, 1, 32);
                List<TokenSequence> members = [];
                for (int d = 0; d < pack.DocumentCount; d++)
                {
                    int first = pack.InputIds.Span[pack.CumulativeSequenceLengths.Span[d]];
                    Assert.True(byFirst.Remove(first, out TokenSequence? sequence), "a document twice, or one that never was");
                    members.Add(sequence);
                    order.Add(first);
                }

                PackedBatch expected = PackedBatch.Create(members, weighting);
                Assert.Equal(expected.InputIds.ToArray(), pack.InputIds.ToArray());
                Assert.Equal(expected.Labels.ToArray(), pack.Labels.ToArray());
                Assert.Equal(expected.LossWeights.ToArray(), pack.LossWeights.ToArray());
                Assert.Equal(expected.LossNormalizer, pack.LossNormalizer);
            }

            Assert.Empty(byFirst);
            if (algorithm == PackingAlgorithm.NextFit) Assert.Equal(order.Order(), order);
            double normalizer = packs.Sum(pack => pack.LossNormalizer);
            Assert.Equal(
                weighting == LossWeighting.PerToken ? sequences.Sum(sequence => sequence.CountTargets())
                    : sequences.Count(sequence => sequence.CountTargets() > 0),
                normalizer, 1e-9);
            Assert.Equal(packs.Sum(pack => pack.TargetCount), sequences.Sum(sequence => sequence.CountTargets()));
        }
    }

    [Fact]
    public void Pack_TooLongAndRefused_NamesTheSequenceTheLengthsAndTheWaysOut()
    {
        TokenSequence[] sequences = [new(new int[3]), new(new int[9])];
        ArgumentException fault = Assert.Throws<ArgumentException>(() => Packer(8, OverlengthPolicy.Refuse).Pack(sequences));
        foreach (string part in (string[])["Sequence 1", "9 tokens", "context length of 8", "Split", "TruncateHead", "TruncateMiddle", "TruncateTail"])
        {
            Assert.Contains(part, fault.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(OverlengthPolicy.TruncateHead, 4, new[] { 7, 8, 9, 10 })]
    [InlineData(OverlengthPolicy.TruncateTail, 4, new[] { 1, 2, 3, 4 })]
    [InlineData(OverlengthPolicy.TruncateMiddle, 4, new[] { 1, 2, 9, 10 })]
    [InlineData(OverlengthPolicy.TruncateMiddle, 5, new[] { 1, 2, 8, 9, 10 })]
    [InlineData(OverlengthPolicy.TruncateHead, 10, new[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 })]
    public void Pack_Truncated_KeepsWhatThePolicySays(OverlengthPolicy policy, int context, int[] expected)
    {
        PackedBatch pack = Assert.Single(Packer(context, policy).Pack([Counting(10)]));
        Assert.Equal(expected, pack.InputIds.ToArray());
    }

    [Fact]
    public void Pack_TruncatedInTheMiddle_DoesNotTeachTheSeam()
    {
        PackedBatch pack = Assert.Single(Packer(4, OverlengthPolicy.TruncateMiddle).Pack([Counting(10)]));
        Assert.Equal([2, PackedBatch.Ignored, 10, PackedBatch.Ignored], pack.Labels.ToArray());
    }

    [Fact]
    public void Pack_TruncatedWithMask_KeepsMaskAndTokensTogether()
    {
        bool[] mask = [false, true, false, true, false, true, false, true, false, true];
        TokenSequence sequence = new(Counting(10).Tokens, mask);
        Assert.Equal([2, -100, 4, -100], Packer(4, OverlengthPolicy.TruncateTail).Pack([sequence]).Single().Labels.ToArray());
        Assert.Equal([8, -100, 10, -100], Packer(4, OverlengthPolicy.TruncateHead).Pack([sequence]).Single().Labels.ToArray());
        Assert.Equal([2, -100, 10, -100], Packer(4, OverlengthPolicy.TruncateMiddle).Pack([sequence]).Single().Labels.ToArray());
    }

    [Theory]
    [InlineData(PackingAlgorithm.NextFit)]
    [InlineData(PackingAlgorithm.FirstFitDecreasing)]
    [InlineData(PackingAlgorithm.BestFitDecreasing)]
    public void Pack_SplitPerSequence_KeepsOneSayAndEveryToken(PackingAlgorithm algorithm)
    {
        SequencePacker packer = new(new SequencePackerOptions
        {
            ContextLength = 4,
            Algorithm = algorithm,
            Overlength = OverlengthPolicy.Split,
            LossWeighting = LossWeighting.PerSequence,
        });
        IReadOnlyList<PackedBatch> packs = packer.Pack([Counting(10), new TokenSequence(new[] { 21, 22 })]);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 21, 22], packs.SelectMany(pack => pack.InputIds.ToArray()).Order());
        Assert.All(packs, pack => Assert.InRange(pack.TokenCount, 1, 4));
        Assert.Equal(4, packs.Sum(pack => pack.DocumentCount));
        // Pieces of 4, 4 and 2 tokens have 3 + 3 + 1 targets, so each weighs 1/7.
        Assert.Equal(7, packs.SelectMany(pack => pack.LossWeights.ToArray()).Count(weight => weight == 1 / 7f));
        Assert.Single(packs.SelectMany(pack => pack.LossWeights.ToArray()), weight => weight == 1f);
        Assert.Equal(2.0, packs.Sum(pack => pack.LossNormalizer), 1e-12);
    }

    [Fact]
    public void Pack_Twice_GivesTheSamePacks()
    {
        Random random = new(2);
        TokenSequence[] sequences = [.. Enumerable.Range(0, 500).Select(_ => RandomSequences.Next(random, 64))];
        SequencePacker packer = Packer(64, OverlengthPolicy.Refuse);
        Assert.Equal(
            packer.Pack(sequences).Select(pack => pack.InputIds.ToArray()), packer.Pack(sequences).Select(pack => pack.InputIds.ToArray()));
    }

    [Fact]
    public void Pack_NoSequence_Throws() =>
        Assert.Contains("empty", Assert.Throws<ArgumentException>(
            () => Packer(4, OverlengthPolicy.Refuse).Pack([])).Message, StringComparison.Ordinal);

    [Fact]
    public void Pack_NoTargetAtAll_Throws() =>
        Assert.Contains("None of the 2 sequences has a target", Assert.Throws<ArgumentException>(
            () => Packer(4, OverlengthPolicy.Refuse).Pack([new TokenSequence(new[] { 1 }), new TokenSequence(new[] { 1, 2 }, new bool[2])]))
            .Message, StringComparison.Ordinal);

    [Fact]
    public void Constructor_SeveralFaults_NamesAll()
    {
        ArgumentException fault = Assert.Throws<ArgumentException>(() => new SequencePacker(
            new SequencePackerOptions { ContextLength = 0, Algorithm = (PackingAlgorithm)7, LossWeighting = (LossWeighting)5 }));
        Assert.Contains("ContextLength is 0", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Algorithm is 7", fault.Message, StringComparison.Ordinal);
        Assert.Contains("LossWeighting is 5", fault.Message, StringComparison.Ordinal);
    }

    public static MatrixTheoryData<PackingAlgorithm, LossWeighting> Settings() =>
        new(Enum.GetValues<PackingAlgorithm>(), Enum.GetValues<LossWeighting>());

    private static SequencePacker Packer(int contextLength, OverlengthPolicy policy) =>
        new(new SequencePackerOptions { ContextLength = contextLength, Overlength = policy });

    private static TokenSequence Counting(int length) => new(Enumerable.Range(1, length).ToArray());
}
