using LongContext.Models;
using LongContext.Packing;
using LongContext.Training;
using LongContext.Training.Optimizers;

namespace LongContext.Samples.Shared.Repetition;

/// <summary>How the word model is tuned for eight times its window: packs of short documents first, then ever longer ones.</summary>
internal static class RepetitionTuning
{
    public const int Factor = 8, Steps = 600;
    private const int PackTokens = 4096;

    /// <summary>Tunes the model, whose positions are stretched already. Same seed, same documents in the same order, whatever the positions.</summary>
    public static async Task<TrainingResult> RunAsync(
        CausalLanguageModel model, RepetitionLanguage language, int seed, IProgress<TrainingProgress> progress, int steps = Steps, CancellationToken cancellationToken = default)
    {
        List<PackedBatch> packs = MakePacks(language, seed, steps);
        var options = new TrainerOptions
        {
            Steps = packs.Count,
            LearningRate = 4.5e-3,
            Schedule = LearningRateSchedule.Cosine(warmupSteps: 10),
            Optimizer = new AdamWOptions { Beta2 = 0.98, WeightDecay = 0.05 },
        };
        using var trainer = new LongContextTrainer(model, options);
        return await trainer.TrainAsync(PackSource.FromList(packs, seed: null), progress, cancellationToken);
    }

    /// <summary>
    /// Short documents first: after interpolation neighbours lie eight times closer, and telling them apart is learned again
    /// fastest where there are few. Then ever longer ones, up to the new window.
    /// </summary>
    private static List<PackedBatch> MakePacks(RepetitionLanguage language, int seed, int steps)
    {
        var random = new Random(seed);
        var corpus = new RepetitionCorpus(language, random, shareOfLastWords: 0.5);
        var packer = new SequencePacker(new SequencePackerOptions { ContextLength = PackTokens, Algorithm = PackingAlgorithm.BestFitDecreasing });
        (double Share, int[] DocumentLengths, double Copies)[] stages =
        [
            (0.20, [64], 0.7),
            (0.15, [256], 0.2),
            (0.25, [512, 1024], 0.2),
            (0.40, [1024, 2048, 2048], 0.1),
        ];
        var packs = new List<PackedBatch>();
        foreach ((double share, int[] documentLengths, double copies) in stages)
        {
            var documents = new List<TokenSequence>();
            for (long left = (long)(share * steps) * PackTokens; left > 0; left -= documents[^1].Length)
            {
                int length = documentLengths[random.Next(documentLengths.Length)];
                double kind = random.NextDouble();
                documents.Add(kind < copies ? corpus.Copy(length) : kind < (1 + copies) / 2 ? corpus.LongText(length) : corpus.Questions(length));
            }

            PackedBatch[] stage = [.. packer.Pack(documents)];
            random.Shuffle(stage); // best fit leaves the longest documents' packs in front
            packs.AddRange(stage);
        }

        return packs;
    }
}
