using LongContext.Models;
using LongContext.Positions;
using LongContext.Training;

namespace LongContext.Samples.Shared.Extension;

/// <summary>How a user's model is loaded with stretched positions and tuned on documents of the whole new window.</summary>
internal static class ExtensionTuning
{
    private const int PackTokens = 8192;

    public static CausalLanguageModel Load(ExtensionOptions options, RopeScaling? scaling) => options.Placement.Load(options.Model, scaling: scaling);

    public static async Task<TrainingResult> RunAsync(
        CausalLanguageModel model, ExtensionData data, ExtensionOptions options, IProgress<TrainingProgress> progress, CancellationToken cancellationToken)
    {
        int documentsInPack = Math.Max(1, PackTokens / options.ContextLength);
        int steps = (int)Math.Max(1, options.Tokens / ((long)documentsInPack * options.ContextLength));
        using var trainer = new LongContextTrainer(model, new TrainerOptions
        {
            Steps = steps,
            LearningRate = options.LearningRate ?? DefaultLearningRate(model.Parameters.ElementCount),
            Schedule = LearningRateSchedule.Cosine(warmupSteps: Math.Max(1, steps / 20)),
            Seed = options.Seed,
        });
        return await trainer.TrainAsync(PackSource.FromFunction(index => data.TrainingPack(index, documentsInPack)), progress, cancellationToken);
    }

    private static double DefaultLearningRate(long weights) => weights < 1_000_000 ? 3e-3 : weights < 100_000_000 ? 1e-4 : 2e-5;
}
