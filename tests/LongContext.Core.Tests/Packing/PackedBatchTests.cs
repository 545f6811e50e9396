namespace LongContext.Packing;

public sealed class PackedBatchTests
{
    [Fact]
    public void Create_TwoDocuments_LaysThemOutAsDefined()
    {
        PackedBatch pack = PackedBatch.Create([new TokenSequence(new[] { 5, 6, 7 }), new TokenSequence(new[] { 8, 9 })]);
        Assert.Equal([5, 6, 7, 8, 9], pack.InputIds.ToArray());
        Assert.Equal([0, 1, 2, 0, 1], pack.PositionIds.ToArray());
        Assert.Equal([0, 3, 5], pack.CumulativeSequenceLengths.ToArray());
        Assert.Equal([6, 7, PackedBatch.Ignored, 9, PackedBatch.Ignored], pack.Labels.ToArray());
        Assert.Equal([1f, 1f, 0f, 1f, 0f], pack.LossWeights.ToArray());
        Assert.Equal((5, 2, 3, 3.0), (pack.TokenCount, pack.DocumentCount, pack.TargetCount, pack.LossNormalizer));
    }

    [Fact]
    public void Create_LossMask_CountsOnlyTheAnswersTokens()
    {
        TokenSequence example = new(new[] { 1, 2, 3, 4, 5 }, new[] { false, false, false, true, true });
        PackedBatch pack = PackedBatch.Create([example]);
        Assert.Equal([-100, -100, 4, 5, -100], pack.Labels.ToArray());
        Assert.Equal([0f, 0f, 1f, 1f, 0f], pack.LossWeights.ToArray());
    }

    [Fact]
    public void Create_MaskOnTheFirstToken_CannotMakeItATarget()
    {
        PackedBatch pack = PackedBatch.Create([new TokenSequence(new[] { 1, 2 }, new[] { true, false })]);
        Assert.Equal([-100, -100], pack.Labels.ToArray());
        Assert.Equal((0, 0.0), (pack.TargetCount, pack.LossNormalizer));
    }

    [Fact]
    public void Create_Packed_EqualsTheDocumentsApart()
    {
        Random random = new(11);
        foreach (LossWeighting weighting in Enum.GetValues<LossWeighting>())
        {
            for (int round = 0; round < 50; round++)
            {
                TokenSequence[] documents = [.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => RandomSequences.Next(random, 40))];
                PackedBatch pack = PackedBatch.Create(documents, weighting);
                PackedBatch[] apart = [.. documents.Select(document => PackedBatch.Create([document], weighting))];
                Assert.Equal(apart.SelectMany(one => one.InputIds.ToArray()), pack.InputIds.ToArray());
                Assert.Equal(apart.SelectMany(one => one.PositionIds.ToArray()), pack.PositionIds.ToArray());
                Assert.Equal(apart.SelectMany(one => one.Labels.ToArray()), pack.Labels.ToArray());
                Assert.Equal(apart.SelectMany(one => one.LossWeights.ToArray()), pack.LossWeights.ToArray());
                Assert.Equal(apart.Sum(one => one.LossNormalizer), pack.LossNormalizer);
                Assert.Equal(apart.Sum(one => one.TargetCount), pack.TargetCount);
            }
        }
    }

    [Fact]
    public void Create_PerSequence_NormalizerIsTheNumberOfSequencesWithATarget()
    {
        TokenSequence three = new(new[] { 1, 2, 3, 4 });
        TokenSequence seven = new(new[] { 1, 2, 3, 4, 5, 6, 7, 8 });
        TokenSequence none = new(new[] { 1 });
        PackedBatch pack = PackedBatch.Create([three, seven, none], LossWeighting.PerSequence);
        Assert.Equal(2.0, pack.LossNormalizer);
        Assert.Equal([1 / 3f, 1 / 3f, 1 / 3f, 0f], pack.LossWeights.ToArray()[..4]);
        Assert.Equal(1 / 7f, pack.LossWeights.Span[4]);
        Assert.Equal(0f, pack.LossWeights.Span[12]);
    }

    [Fact]
    public void Create_MoreTokensThanAnInt32Counts_ThrowsBeforeAllocating()
    {
        TokenSequence million = new(new int[1 << 20]);
        TokenSequence[] documents = new TokenSequence[2048];
        Array.Fill(documents, million);
        ArgumentException fault = Assert.Throws<ArgumentException>(() => PackedBatch.Create(documents));
        Assert.Contains("2147483648 tokens", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_NoDocument_Throws() => Assert.Throws<ArgumentException>(() => PackedBatch.Create([]));

    [Fact]
    public void Create_NullDocument_NamesItsIndex() =>
        Assert.Contains("Document 1", Assert.Throws<ArgumentException>(
            () => PackedBatch.Create([new TokenSequence(new[] { 1 }), null!])).Message, StringComparison.Ordinal);

    [Fact]
    public void CreatePrompt_Tokens_AreOneDocumentWithoutTargets()
    {
        PackedBatch prompt = PackedBatch.CreatePrompt(new[] { 4, 5, 6 });
        Assert.Equal([4, 5, 6], prompt.InputIds.ToArray());
        Assert.Equal([0, 1, 2], prompt.PositionIds.ToArray());
        Assert.Equal([0, 3], prompt.CumulativeSequenceLengths.ToArray());
        Assert.All(prompt.Labels.ToArray(), label => Assert.Equal(PackedBatch.Ignored, label));
        Assert.All(prompt.LossWeights.ToArray(), weight => Assert.Equal(0f, weight));
        Assert.Equal((0, 0.0), (prompt.TargetCount, prompt.LossNormalizer));
    }

    [Fact]
    public void CreatePrompt_NoToken_Throws() =>
        Assert.Throws<ArgumentException>(() => PackedBatch.CreatePrompt(ReadOnlyMemory<int>.Empty));
}
