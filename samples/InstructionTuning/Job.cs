using System.Diagnostics;
using LongContext.Chat;
using LongContext.Data;
using LongContext.Data.Examples;
using LongContext.Data.Reading;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Recipes;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Words;
using LongContext.Tokenization;
using Recipe = LongContext.Recipes.InstructionTuning;

namespace LongContext.Samples.InstructionTuning;

/// <summary>Asks the model as it is, runs the recipe, asks again, and shows what came of it.</summary>
internal sealed class Job(JobOptions options)
{
    private const int MostAsked = 40, SpareTokens = 8;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var tokenizer = HuggingFaceTokenizer.Load(options.Model);
        ChatFormat format = RecordsFormat.Find(options.Format, options.Model);
        IReadOnlyList<IReadOnlyList<ChatTurn>> conversations;
        using (RecordSource<TrainingExample> data = RecordSource.FromFiles([options.Data], ColumnMap.OpenAIChat))
            conversations = [.. data.AsEnumerable(cancellationToken).Select(example => ((ChatExample)example).Turns)];
        if (conversations.Count < 2) throw new UsageException($"{options.Data} has fewer than two conversations; one is needed to train on and one to measure on.");
        int heldOut = Math.Max(1, Math.Min(MostAsked, conversations.Count / 5));
        IReadOnlyList<ChatTurn>[] training = [.. conversations.SkipLast(heldOut)], asked = [.. conversations.TakeLast(heldOut)];
        using var model = CausalLanguageModel.Load(options.Model, new ModelLoadOptions { DataType = TorchSharp.torch.ScalarType.Float32 });

        IReadOnlyList<TokenSequence> sequences = Recipe.Sequences(training, format, tokenizer);
        TrainingRecipe recipe = Compose(model, sequences, Recipe.Sequences(asked, format, tokenizer));
        recipe = recipe with { Trainer = recipe.Trainer with { Steps = recipe.CountSteps(cancellationToken) } };
        int answerTokens = sequences.Sum(sequence => sequence.LossMask.Span.Count(true));
        Console.WriteLine($"{training.Length:N0} conversations to learn from, {asked.Length:N0} to ask; {answerTokens:N0} of {sequences.Sum(sequence => sequence.Length):N0} tokens are answers. {recipe.Trainer.Steps:N0} steps.");

        string[] before = Answers(model, tokenizer, format, asked, cancellationToken);
        RecipeReport result = await recipe.RunAsync(model, new StepLines("training"), cancellationToken: cancellationToken);
        string[] after = Answers(model, tokenizer, format, asked, cancellationToken);
        Question[] questions = [.. asked.Zip(before.Zip(after), (turns, answers) => new Question(turns[^2].Content, turns[^1].Content, answers.First, answers.Second))];
        new Report(options, result, questions, watch.Elapsed).ShowAndWrite();
    }

    private TrainingRecipe Compose(CausalLanguageModel model, IReadOnlyList<TokenSequence> sequences, IReadOnlyList<TokenSequence> heldOut) => Recipe.Compose(
        model.Config,
        DataSource.FromList(sequences, options.Seed, options.Epochs),
        new InstructionTuningOptions
        {
            ContextLength = options.ContextLength,
            HeldOut = [.. heldOut.Where(sequence => sequence.Length <= (options.ContextLength ?? model.ContextLength))],
            Adapter = options.Lora ? Recipe.DefaultAdapter : null,
            OutputFolder = Path.Combine(options.Output, "model"),
            Trainer = Recipe.DefaultTrainer with
            {
                LearningRate = options.LearningRate,
                GradientAccumulationSteps = options.Packs,
                Seed = options.Seed,
                CheckpointFolder = Path.Combine(options.Output, "checkpoints"),
                CheckpointEverySteps = 100,
            },
        });

    /// <summary>The last answer of each conversation, word by word until the model says that it is over.</summary>
    private static string[] Answers(
        CausalLanguageModel model, HuggingFaceTokenizer tokenizer, ChatFormat format, IReadOnlyList<ChatTurn>[] asked, CancellationToken cancellationToken)
    {
        var generator = new TextGenerator(model);
        int[] stop = format.FindStopTokenIds(tokenizer);
        return [.. asked.Select(turns =>
        {
            string prompt = format.Render([.. turns.SkipLast(1)], new ChatRenderOptions { AddGenerationPrompt = true }).Text;
            int[] answer = generator.Generate(
                tokenizer.Encode(prompt, addSpecialTokens: false),
                new GenerationOptions { MaximumNewTokens = tokenizer.CountTokens(turns[^1].Content) + SpareTokens, StopTokenIds = stop },
                cancellationToken);
            return tokenizer.Decode([.. answer.TakeWhile(token => !stop.Contains(token))]).Trim();
        })];
    }
}
