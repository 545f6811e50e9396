using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.Training;
using LongContext.Training.Evaluations;

namespace LongContext.Tests.Training;

/// <summary>What a run tells people: its result in a line, figures by name, documents that are too short for the window.</summary>
public sealed class TrainingResultTests
{
    [Theory]
    [InlineData(1.25, 0, 0, "step 3, 1,200 tokens in 2.5 s, last loss 1.2500")]
    [InlineData(null, 2, 1, "step 3, 1,200 tokens in 2.5 s, nothing trained, 2 step(s) skipped, rolled back 1 time(s)")]
    public void ToString_Result_IsOneLine(double? loss, int skipped, int rolledBack, string expected) => Assert.Equal(expected, new TrainingResult
    {
        Steps = 3, Tokens = 1200, FinalLoss = loss, SkippedSteps = skipped, RollBacks = rolledBack, Elapsed = TimeSpan.FromSeconds(2.5),
    }.ToString());

    [Fact]
    public void Indexer_OfEvaluationResult_GivesFiguresByNameOrListsThem()
    {
        var result = new EvaluationResult { Values = [new("ppl@32", 4.5), new("ppl@64", 6)] };
        Assert.Equal(6, result["ppl@64"]);
        Assert.Contains("there are ppl@32, ppl@64", Assert.Throws<KeyNotFoundException>(() => result["ppl"]).Message, StringComparison.Ordinal);
    }

    /// <summary>Short documents packed to a longer window, a model that is not extended, and documents that are long enough.</summary>
    [Theory]
    [InlineData(true, 16, true)]
    [InlineData(false, 8, false)]
    [InlineData(true, 17, false)]
    public async Task TrainAsync_ShortDocumentsInALongWindow_AreToldOf(bool extended, int length, bool warns)
    {
        using CausalLanguageModel model = TinyModels.Create(extended ? RopeScaling.Linear(2) : null);
        PackedBatch[] packs = [PackedBatch.Create([.. Enumerable.Range(0, 4).Select(i => TinyModels.Document(length, i))])];
        var logger = new ListLogger();
        using var trainer = new LongContextTrainer(model, new TrainerOptions { Steps = 1 }, logger);
        await trainer.TrainAsync(packs, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(warns, logger.Warnings.Any(warning => warning.Contains($"documents of at most {length}", StringComparison.Ordinal)));
    }

    /// <summary>Packs may come from a disk: one long document says that there is nothing to warn of.</summary>
    [Fact]
    public async Task TrainAsync_ALongDocumentInTheFirstPack_LooksNoFurther()
    {
        using CausalLanguageModel model = TinyModels.Create(RopeScaling.Linear(2));
        PackedBatch pack = PackedBatch.Create([TinyModels.Document(40, 1)]);
        var packs = new CountingList(pack, 1000);
        using var trainer = new LongContextTrainer(model, new TrainerOptions { Steps = 1 });
        await trainer.TrainAsync(packs, cancellationToken: TestContext.Current.CancellationToken);
        Assert.InRange(packs.Read, 1, 100); // the fingerprint's among them
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TrainAsync_NullInTheList_IsNamed(bool extended)
    {
        using CausalLanguageModel model = TinyModels.Create(extended ? RopeScaling.Linear(2) : null);
        using var trainer = new LongContextTrainer(model, new TrainerOptions { Steps = 2 });
        ArgumentException refused = await Assert.ThrowsAnyAsync<ArgumentException>(() => trainer.TrainAsync([PackedBatch.Create([TinyModels.Document(8, 1)]), null!], cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("1 of the list is null", refused.Message, StringComparison.Ordinal);
    }

    private sealed class CountingList(PackedBatch pack, int count) : IReadOnlyList<PackedBatch>
    {
        public int Read { get; private set; }

        public int Count => count;

        public PackedBatch this[int index]
        {
            get
            {
                Read++;
                return pack;
            }
        }

        public IEnumerator<PackedBatch> GetEnumerator() => Enumerable.Range(0, count).Select(i => this[i]).GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
