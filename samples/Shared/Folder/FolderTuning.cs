using LongContext.Data;
using LongContext.Data.Examples;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Recipes;
using LongContext.Tokenization;

namespace LongContext.Samples.Shared.Folder;

/// <summary>The library's recipe for answers on a user's model.</summary>
internal static class FolderTuning
{
    /// <summary>Tunes the model on prompts and answers and saves it under the output folder; a run that was stopped goes on when started again.</summary>
    public static async Task RunAsync(CausalLanguageModel model, HuggingFaceTokenizer tokenizer, IReadOnlyList<PromptExample> examples, FolderOptions options, CancellationToken cancellationToken)
    {
        if (examples.Count == 0) throw new UsageException("All the data is held out; none is left to train on.");
        var encoder = new ExampleEncoder(tokenizer);
        TokenSequence[] sequences = [.. examples.Select(encoder.Encode)];
        int context = options.ContextLength ?? model.ContextLength, shortest = sequences.Min(sequence => sequence.Length);
        if (shortest > context)
            throw new UsageException(FormattableString.Invariant($"None of the {sequences.Length} training examples fits a context of {context} tokens, the shortest has {shortest}: give a longer --context."));
        TrainerOptions trainer = options.Lora ? InstructionTuning.DefaultAdapterTrainer : InstructionTuning.DefaultTrainer;
        TrainingRecipe recipe = InstructionTuning.Compose(model.Config, DataSource.FromList(sequences, options.Seed, options.Epochs), new InstructionTuningOptions
        {
            ContextLength = options.ContextLength,
            Adapter = options.Lora ? InstructionTuning.DefaultAdapter : null,
            OutputFolder = Path.Combine(options.Output, "model"),
            Trainer = trainer with
            {
                LearningRate = options.LearningRate ?? trainer.LearningRate,
                GradientAccumulationSteps = options.Packs,
                Seed = options.Seed,
                CheckpointFolder = Path.Combine(options.Output, "checkpoints"),
                CheckpointEverySteps = 100,
            },
        });
        recipe = recipe with { Trainer = recipe.Trainer with { Steps = recipe.CountSteps(cancellationToken) } };
        RecipeReport result = await recipe.RunAsync(model, new StepLines("fine-tuning"), cancellationToken: cancellationToken);
        Console.WriteLine($"Tuned on {examples.Count:N0} examples in {result.Training.Steps:N0} steps; {result.Packing.Skipped:N0} were longer than the context and left out.");
    }
}
