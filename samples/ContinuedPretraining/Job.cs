using System.Diagnostics;
using LongContext.Data;
using LongContext.Models;
using LongContext.Recipes;
using LongContext.Samples.Shared;
using LongContext.Tokenization;
using LongContext.Training.Evaluations;
using Recipe = LongContext.Recipes.ContinuedPretraining;

namespace LongContext.Samples.ContinuedPretraining;

/// <summary>Measures the model as it is, runs the recipe, and shows what came of it.</summary>
internal sealed class Job(JobOptions options)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var tokenizer = HuggingFaceTokenizer.Load(options.Model);
        using CausalLanguageModel model = options.Placement.Load(options.Model, dequantizes: !options.LongLora);
        int window = model.ContextLength;
        PretrainingData data = options.Data is { } file
            ? PretrainingData.Read(file, tokenizer, options.ContextLength, options.Joins)
            : PretrainingData.MadeUp(tokenizer, options.ContextLength, (long)options.Steps * options.Packs * options.ContextLength, options.Seed);
        Console.WriteLine($"{model.Parameters.ElementCount:N0} weights with a window of {window:N0} tokens, to be extended to {options.ContextLength:N0}. "
            + $"{data.Documents.Sum(document => (long)document.Length):N0} tokens to train on, {data.HeldOutTokens.Length:N0} held out.");

        TrainingRecipe recipe = Compose(model, data);
        IReadOnlyList<ITrainingEvaluation> evaluations = recipe.Trainer.Evaluations;
        var asItIs = evaluations.Select(evaluation => new EvaluationOutcome(evaluation.Name, 0, Measure(evaluation, model, cancellationToken), default)).ToArray();
        RecipeReport report = await recipe.RunAsync(model, new StepLines("training"), cancellationToken: cancellationToken);
        new Report(options, window, asItIs, report, watch.Elapsed).ShowAndWrite();
    }

    private TrainingRecipe Compose(CausalLanguageModel model, PretrainingData data) => Recipe.Compose(
        model.Config,
        DataSource.FromList(data.Documents, options.Seed, epochs: null),
        new ContinuedPretrainingOptions
        {
            ContextLength = options.ContextLength,
            Adapter = options.LongLora ? Recipe.LongLoraAdapter : null,
            HeldOutTokens = data.HeldOutTokens,
            OutputFolder = Path.Combine(options.Output, "model"),
            Trainer = Recipe.DefaultTrainer with
            {
                Steps = options.Steps,
                LearningRate = options.LearningRate,
                GradientAccumulationSteps = options.Packs,
                Seed = options.Seed,
                CheckpointFolder = Path.Combine(options.Output, "checkpoints"),
                CheckpointEverySteps = Math.Max(1, options.Steps / 4),
            },
        });

    private static EvaluationResult Measure(ITrainingEvaluation evaluation, CausalLanguageModel model, CancellationToken cancellationToken)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        using var noGradient = TorchSharp.torch.no_grad();
        return evaluation.Evaluate(model, cancellationToken);
    }
}
