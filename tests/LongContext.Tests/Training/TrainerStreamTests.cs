using LongContext.Data;
using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Training;
using static TorchSharp.torch;

namespace LongContext.Tests.Training;

/// <summary>Streams of packs: where they end, how they go on, and that packing changes nothing of what is learnt.</summary>
public sealed class TrainerStreamTests
{
    private static TrainerOptions Options(int? steps = 9, string? folder = null, int accumulation = 2, int prefetched = 2) => new()
    {
        Steps = steps,
        GradientAccumulationSteps = accumulation,
        LearningRate = 1e-2,
        Schedule = LearningRateSchedule.Constant(2),
        CheckpointFolder = folder,
        CheckpointEverySteps = folder is null ? null : 1,
        CheckpointsToKeep = 100,
        PrefetchedPacks = prefetched,
    };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    public async Task Resume_AfterAnyStep_GoesOnAsIfNeverStopped(int prefetched)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel straight = TinyModels.Create(dataType: ScalarType.Float32);
        double[] losses = await Losses(straight, Options(folder: folder["straight"], prefetched: prefetched), Streams.Packer());
        for (int stop = 1; stop < losses.Length; stop += 2)
        {
            using CausalLanguageModel other = TinyModels.Create(dataType: ScalarType.Float32, seed: 77);
            StreamingPacker packer = Streams.Packer();
            packer.Next(TestContext.Current.CancellationToken); // wherever it stood
            Assert.Equal(losses[stop..], await Losses(other, Options(folder: folder[$"resumed-{stop}"], prefetched: 2), packer, folder[$"straight/checkpoint-{stop:D6}"]));
            TinyModels.AssertSameBytes(TinyModels.Bytes(straight), TinyModels.Bytes(other));
            // The data's place is the same to the byte: it is that after the last pack of a step, however many were made ahead.
            Assert.Equal(File.ReadAllBytes(folder["straight/checkpoint-000009/data_state.safetensors"]), File.ReadAllBytes(folder[$"resumed-{stop}/checkpoint-000009/data_state.safetensors"]));
        }
    }

    [Fact]
    public async Task TrainAsync_SequencesAndPacking_IsTheRunOfTheirPacks()
    {
        using CausalLanguageModel one = TinyModels.Create(), other = TinyModels.Create();
        using var trainer = new LongContextTrainer(one, Options());
        await trainer.TrainAsync(Streams.Mixture(), Streams.Packing(), cancellationToken: TestContext.Current.CancellationToken);
        StreamingPacker packer = Streams.Packer();
        PackedBatch[] packs = [.. Enumerable.Range(0, 18).Select(_ => packer.Next(TestContext.Current.CancellationToken)!)];
        await TrainingRun.Of(other, Options(), packs);
        TinyModels.AssertSameBytes(TinyModels.Bytes(other), TinyModels.Bytes(one));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1000)]
    public async Task TrainAsync_StreamEnds_EndsTheRunAndSaysSo(int? steps)
    {
        using CausalLanguageModel model = TinyModels.Create();
        StreamingPacker count = Streams.Packer(end: MixtureEnd.StopAtFirst), packer = Streams.Packer(end: MixtureEnd.StopAtFirst);
        long packs = 0, tokens = 0;
        for (; count.Next(TestContext.Current.CancellationToken) is { } pack; packs++) tokens += pack.TokenCount;
        // A number of packs that the accumulation does not divide: the last step takes what is left.
        int accumulation = packs % 2 == 1 ? 2 : 3;
        Assert.NotEqual(0, packs % accumulation);
        var log = new ListLogger();
        using var trainer = new LongContextTrainer(model, Options(steps, accumulation: accumulation), log);
        var seen = new List<TrainingProgress>();
        TrainingResult result = await trainer.TrainAsync(packer, new TrainingRun.Listener(seen.Add), TestContext.Current.CancellationToken);

        Assert.Equal((packs + accumulation - 1) / accumulation, result.Steps);
        Assert.Equal(tokens, result.Tokens);
        Assert.Equal(packs, packer.Report.Packs);
        Assert.All(seen, progress => Assert.Equal(steps ?? 0, progress.TotalSteps));
        Assert.Contains(log.All, line => line.Text.Contains($"come to its end after step {result.Steps}", StringComparison.Ordinal));
        Assert.Equal(steps is null ? 0 : 1, log.Warnings.Count);
        Assert.Contains(log.All, line => line.Text.Contains($"{packs} packs of", StringComparison.Ordinal) && line.Text.Contains($"{packer.Report.FillRate:P2}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TrainAsync_NoStepsAndAScheduleThatNeedsThem_IsRefused()
    {
        using CausalLanguageModel model = TinyModels.Create();
        foreach (LearningRateSchedule schedule in new[] { LearningRateSchedule.Cosine(3), LearningRateSchedule.Linear() })
        {
            using var refusing = new LongContextTrainer(model, new TrainerOptions { Schedule = schedule });
            ArgumentException e = await Assert.ThrowsAsync<ArgumentException>("packs", () => refusing.TrainAsync(Streams.Packer()));
            Assert.Contains("TrainerOptions.Steps", e.Message, StringComparison.Ordinal);
        }

        using var trainer = new LongContextTrainer(model, new TrainerOptions());
        await Assert.ThrowsAsync<ArgumentNullException>("packs", () => trainer.TrainAsync((IPackFeed)null!));
        Assert.Contains("PrefetchedPacks", Assert.Throws<ArgumentException>(() => new TrainerOptions { PrefetchedPacks = -1 }.Validate()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TrainAsync_EmptyStream_IsRefused()
    {
        using CausalLanguageModel model = TinyModels.Create();
        using var trainer = new LongContextTrainer(model, Options());
        IDataSource<TokenSequence> all = DataSource.FromFunction(_ => new TokenSequence(new int[99]), 5);
        StreamingPackerOptions skipping = new() { ContextLength = 16, Overlength = OverlengthPolicy.Skip };
        ArgumentException e = await Assert.ThrowsAsync<ArgumentException>(() => trainer.TrainAsync(all, skipping));
        Assert.Contains("no pack to train on", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TrainAsync_SourceFails_SurfacesOnTheLastWholeStepsWeights()
    {
        IDataSource<TokenSequence> failing = DataSource.FromFunction(i => i == 7 ? throw new InvalidDataException("line 7 is torn") : TinyModels.Document(8, (int)i));
        StreamingPackerOptions packing = new() { ContextLength = 8, WindowDocuments = 1, WindowTokens = 16, Algorithm = PackingAlgorithm.NextFit };
        using CausalLanguageModel model = TinyModels.Create(), expected = TinyModels.Create();
        using var trainer = new LongContextTrainer(model, Options());
        InvalidDataException e = await Assert.ThrowsAsync<InvalidDataException>(() => trainer.TrainAsync(failing, packing));
        Assert.Equal("line 7 is torn", e.Message);
        // Next fit keeps one pack open: six of the seven documents were packed.
        Assert.Equal(3, trainer.StepsDone);
        await TrainingRun.Of(expected, Options(3), [.. Enumerable.Range(0, 6).Select(i => PackedBatch.Create([TinyModels.Document(8, i)]))]);
        TinyModels.AssertSameBytes(TinyModels.Bytes(expected), TinyModels.Bytes(model));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task TrainAsync_CancelledAndCalledAgain_LosesNoData(int callsBefore)
    {
        using CausalLanguageModel straight = TinyModels.Create();
        await Losses(straight, Options(4), Streams.Packer());
        // In the first call's first step, or in the second step, each of two packs of two layers.
        using var cancellation = new CancellationTokenSource();
        var kernel = new KernelWithEvents { BeforeCall = call => { if (call == callsBefore + 1) cancellation.Cancel(); } };
        using CausalLanguageModel model = CausalLanguageModel.Create(TinyModels.Config(), seed: 5, new ModelLoadOptions { DataType = ScalarType.Float64, AttentionKernel = kernel });
        using var trainer = new LongContextTrainer(model, Options(4));
        IDataSource<TokenSequence> sequences = Streams.Mixture();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trainer.TrainAsync(sequences, Streams.Packing(), cancellationToken: cancellation.Token));
        await trainer.TrainAsync(sequences, Streams.Packing(), cancellationToken: TestContext.Current.CancellationToken);
        TinyModels.AssertSameBytes(TinyModels.Bytes(straight), TinyModels.Bytes(model));
    }

    [Fact]
    public async Task TrainAsync_ResumedOnOtherDataOrPacking_IsRefusedWithTheReason()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create(), other = TinyModels.Create(seed: 9);
        await Losses(model, Options(3, folder.Path), Streams.Packer());
        string checkpoint = folder["checkpoint-000002"];
        var data = await Assert.ThrowsAsync<ArgumentException>(() => Losses(other, Options(3), Streams.Packer(seed: 7), checkpoint));
        Assert.Contains("seed was 6, here it is 7", data.Message, StringComparison.Ordinal);
        var packing = await Assert.ThrowsAsync<ArgumentException>(
            () => Losses(other, Options(3), new StreamingPacker(Streams.Mixture(), Streams.Packing(LossWeighting.PerToken)), checkpoint));
        Assert.Contains("LossWeighting was PerSequence, here it is PerToken", packing.Message, StringComparison.Ordinal);
        var kind = await Assert.ThrowsAsync<ArgumentException>(
            () => TrainingRun.Of(other, Options(3), TrainingRun.InTurn(PackedBatch.Create([TinyModels.Document(9, 1)])), checkpoint));
        Assert.Contains("'streaming-packer'", kind.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(LossWeighting.PerToken, 1)]
    [InlineData(LossWeighting.PerToken, 2)]
    [InlineData(LossWeighting.PerToken, 5)]
    [InlineData(LossWeighting.PerSequence, 1)]
    [InlineData(LossWeighting.PerSequence, 2)]
    [InlineData(LossWeighting.PerSequence, 5)]
    public async Task TrainAsync_PacksOrTheirDocumentsApart_GivesTheSameWeights(LossWeighting weighting, int accumulation)
    {
        // With masks, documents without a target, and sequences whose pieces lie in different packs and steps.
        TokenSequence[] sequences = [.. Enumerable.Range(0, 40).Select(Sequence)];
        StreamingPackerOptions Packing(int? apart) => new()
        {
            ContextLength = 24,
            Overlength = OverlengthPolicy.Split,
            LossWeighting = weighting,
            Order = apart is null ? PackOrder.Shuffled : PackOrder.AsPacked,
            SortedBatchSize = apart,
        };
        PackedBatch[][] steps = [.. All(new StreamingPacker(DataSource.FromList(sequences), Packing(null))).Chunk(accumulation)];
        Assert.InRange(steps.Length, 4, 80);
        Dictionary<string, PackedBatch> documents = All(new StreamingPacker(DataSource.FromList(sequences), Packing(1))).ToDictionary(pack => string.Join(' ', pack.InputIds.ToArray()));
        int most = steps.Max(packs => packs.Sum(pack => pack.DocumentCount));
        Assert.True(most > accumulation);
        // A prompt has no target and no weight: it fills a step up to the accumulation that all steps share.
        PackedBatch[] apart = [.. steps.SelectMany(packs => packs.SelectMany(Documents).Select(text => documents[text])
            .Concat(Enumerable.Repeat(PackedBatch.CreatePrompt(new[] { 5 }), most - packs.Sum(pack => pack.DocumentCount))))];

        using CausalLanguageModel packed = TinyModels.Create(), alone = TinyModels.Create();
        double[] losses = await Losses(packed, Options(null, accumulation: accumulation), new StreamingPacker(DataSource.FromList(sequences), Packing(null)));
        TrainingRun run = await TrainingRun.Of(alone, Options(steps.Length, accumulation: most), apart);

        Assert.Equal(steps.Length, losses.Length);
        for (int i = 0; i < losses.Length; i++) Assert.Equal(1, run.Losses[i] / losses[i], 1e-10);
        foreach ((string name, Tensor parameter) in packed.Parameters)
            TinyModels.AssertClose(TinyModels.Doubles(parameter), TinyModels.Doubles(alone.Parameters[name]), 1e-10, name);
    }

    private static TokenSequence Sequence(int number)
    {
        int[] tokens = TinyModels.Tokens(1 + (number * 17 % 60), 300 + number);
        return number % 3 == 0 ? new TokenSequence(tokens, Enumerable.Range(0, tokens.Length).Select(t => t % 5 > 1).ToArray()) : new TokenSequence(tokens);
    }

    private static IEnumerable<string> Documents(PackedBatch pack)
    {
        int[] borders = pack.CumulativeSequenceLengths.ToArray();
        return Enumerable.Range(0, pack.DocumentCount).Select(d => string.Join(' ', pack.InputIds[borders[d]..borders[d + 1]].ToArray()));
    }

    private static List<PackedBatch> All(StreamingPacker packer)
    {
        List<PackedBatch> packs = [];
        while (packer.Next(TestContext.Current.CancellationToken) is { } pack) packs.Add(pack);
        return packs;
    }

    private static async Task<double[]> Losses(CausalLanguageModel model, TrainerOptions options, IPackFeed packs, string? resume = null)
    {
        using var trainer = new LongContextTrainer(model, options);
        if (resume is not null) trainer.Resume(resume);
        List<double> losses = [];
        await trainer.TrainAsync(packs, new TrainingRun.Listener(progress => losses.Add(progress.Loss)), TestContext.Current.CancellationToken);
        return [.. losses];
    }
}
