using LongContext.Data;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.Recipes;
using LongContext.Training;
using LongContext.Training.Optimizers;

namespace LongContext.Samples.Shared.Words;

/// <summary>How the word model is tuned on answers at eight times its window: the library's recipe, with what a model of half a million weights wants otherwise.</summary>
internal static class WordTuning
{
    public const int ContextLength = 2048, Factor = 8;
    private const int PackTokens = 4096;
    private const double LearningRate = 4.5e-3;

    /// <summary>Measures the word model as it comes, under some positions.</summary>
    public static T MeasureUntuned<T>(RopeScaling? scaling, Func<CausalLanguageModel, T> measure)
    {
        using CausalLanguageModel model = CausalLanguageModel.Load(WordModel.Folder, new ModelLoadOptions { RopeScaling = scaling });
        using OneThread threads = OneThread.Use();
        return measure(model);
    }

    /// <param name="model">The model; the recipe stretches its positions.</param>
    /// <param name="sequences">What to learn from, in this order.</param>
    /// <param name="seed">Same seed, same run.</param>
    /// <param name="folder">Where the tuned model goes.</param>
    /// <param name="cancellationToken">Ends counting the steps.</param>
    public static TrainingRecipe Compose(CausalLanguageModel model, IReadOnlyList<TokenSequence> sequences, int seed, string folder, CancellationToken cancellationToken)
    {
        TrainingRecipe recipe = InstructionTuning.Compose(model.Config, DataSource.FromList(sequences, seed: null), new InstructionTuningOptions
        {
            ContextLength = ContextLength,
            // A window of eight packs, so that short documents still come before long ones; every answer's token with the same weight.
            Packing = InstructionTuning.Packing(PackTokens) with { LossWeighting = LossWeighting.PerToken, WindowTokens = 8 * PackTokens, Seed = seed },
            Trainer = InstructionTuning.DefaultTrainer with
            {
                LearningRate = LearningRate,
                GradientAccumulationSteps = 1,
                Schedule = LearningRateSchedule.Cosine(warmupSteps: 10),
                Optimizer = new AdamWOptions { Beta2 = 0.98, WeightDecay = 0.05 },
                Seed = seed,
            },
            OutputFolder = folder,
        });
        return recipe with { Trainer = recipe.Trainer with { Steps = recipe.CountSteps(cancellationToken) } };
    }
}
