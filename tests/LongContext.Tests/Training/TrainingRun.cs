using LongContext.Models;
using LongContext.Packing;
using LongContext.Training;

namespace LongContext.Tests.Training;

/// <summary>A short run, and what it reported.</summary>
internal sealed record TrainingRun(IReadOnlyList<TrainingProgress> Progress, TrainingResult Result)
{
    public double[] Losses => [.. Progress.Select(progress => progress.Loss)];

    /// <summary>Trains on packs taken in turn, in the list's order.</summary>
    public static Task<TrainingRun> Of(CausalLanguageModel model, TrainerOptions options, params PackedBatch[] packs) =>
        Of(model, options, InTurn(packs));

    public static async Task<TrainingRun> Of(
        CausalLanguageModel model, TrainerOptions options, IPackSource source, string? resume = null, TimeProvider? timeProvider = null)
    {
        using var trainer = new LongContextTrainer(model, options, timeProvider: timeProvider);
        if (resume is not null) trainer.Resume(resume);
        var seen = new List<TrainingProgress>();
        TrainingResult result = await trainer.TrainAsync(source, new Listener(seen.Add), TestContext.Current.CancellationToken);
        return new TrainingRun(seen, result);
    }

    /// <summary>Without end, so that the options decide on the steps.</summary>
    public static IPackSource InTurn(params PackedBatch[] packs) => PackSource.FromFunction(index => packs[index % packs.Length]);

    /// <summary>Told at once, on the run's own thread, unlike <see cref="Progress{T}"/>.</summary>
    internal sealed class Listener(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
