using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Samples.QuickStart.Reporting;
using LongContext.Samples.Shared.Repetition;
using LongContext.Training;
using LongContext.Training.Optimizers;

namespace LongContext.Samples.QuickStart.Repetition;

/// <summary>The built-in word model: a small Llama with a window of 256 tokens, committed under BaseModel/.</summary>
internal static class BaseModel
{
    public const int ContextLength = 256;
    private const int Steps = 2400;
    private const int PackTokens = 4096;

    /// <summary>The committed model's folder, beside the program.</summary>
    public static string Folder => Path.Combine(AppContext.BaseDirectory, "BaseModel");

    /// <summary>Trains the model anew, from short documents to ones of 256 tokens (10 million tokens).</summary>
    public static async Task TrainAsync(string folder, int seed, CancellationToken cancellationToken)
    {
        var tokenizer = RepetitionLanguage.CreateTokenizer();
        var config = new ModelConfig
        {
            VocabularySize = RepetitionLanguage.VocabularySize,
            HiddenSize = 128,
            IntermediateSize = 256,
            LayerCount = 3,
            HeadCount = 2,
            KeyValueHeadCount = 2,
            HeadDimension = 32,
            MaxPositionEmbeddings = ContextLength,
            TieWordEmbeddings = true,
            BeginningOfSentenceTokenId = tokenizer.BeginningOfSentenceId,
            EndOfSentenceTokenIds = [tokenizer.EndOfSentenceId!.Value],
        };
        using CausalLanguageModel model = CausalLanguageModel.Create(config, seed);
        var options = new TrainerOptions
        {
            Steps = Steps,
            LearningRate = 3e-3,
            Schedule = LearningRateSchedule.Cosine(warmupSteps: 50),
            Optimizer = new AdamWOptions { Beta2 = 0.98, WeightDecay = 0.05 },
        };
        var language = new RepetitionLanguage(tokenizer);
        using var trainer = new LongContextTrainer(model, options);
        Console.WriteLine($"Training a word model of {model.Parameters.ElementCount:N0} weights for a window of {ContextLength} tokens.");
        await TrainingDisplay.ShowAsync("training", progress => trainer.TrainAsync(
            PackSource.FromFunction(index => Pack(language, seed, index)), progress, cancellationToken));

        model.Save(folder);
        tokenizer.Save(folder);
        Console.WriteLine($"Written to {folder}");
    }

    /// <summary>Rows and copies of 48 tokens first, in which copying is learned fast; then questions in ever longer documents.</summary>
    private static PackedBatch Pack(RepetitionLanguage language, int seed, long index)
    {
        var random = new Random(unchecked((seed * 1_000_003) + (int)index));
        var corpus = new RepetitionCorpus(language, random, shareOfLastWords: 0.8);
        double progress = index / (double)Steps;
        int length = progress < 0.15 ? 48 : progress < 0.4 ? random.Next(2) == 0 ? 64 : 128 : random.GetItems([64, 128, 256, 256], 1)[0];
        double copies = progress < 0.15 ? 0.7 : 0.2;
        var documents = new List<TokenSequence>();
        for (int total = 0; total + length <= PackTokens; total += length)
        {
            double kind = random.NextDouble();
            documents.Add(kind < copies ? corpus.Copy(length) : kind < (1 + copies) / 2 ? corpus.LongText(length) : corpus.Questions(length));
        }

        return PackedBatch.Create(documents);
    }
}
