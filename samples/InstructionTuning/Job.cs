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
        IReadOnlyList<ChatTool> tools = options.Tools is { } file ? ToolsFile.Read(file) : [];
        ChatExample[] conversations;
        using (RecordSource<TrainingExample> data = RecordSource.FromFiles([options.Data], ColumnMap.OpenAIChat))
            conversations = [.. data.AsEnumerable(cancellationToken).Cast<ChatExample>().Select(example => example.Tools.Count > 0 ? example : example with { Tools = tools })];
        if (conversations.Length < 2) throw new UsageException($"{options.Data} has fewer than two conversations; one is needed to train on and one to measure on.");
        int heldOut = Math.Max(1, Math.Min(MostAsked, conversations.Length / 5));
        ChatExample[] training = conversations[..^heldOut], asked = conversations[^heldOut..];
        var encoder = new ExampleEncoder(tokenizer, format);
        using CausalLanguageModel model = options.Placement.Load(options.Model, dequantizes: !options.Lora);

        TokenSequence[] sequences = [.. training.Select(encoder.Encode)];
        TrainingRecipe recipe = Compose(model, format, sequences, [.. asked.Select(encoder.Encode)]);
        recipe = recipe with { Trainer = recipe.Trainer with { Steps = recipe.CountSteps(cancellationToken) } };
        int answerTokens = sequences.Sum(sequence => sequence.LossMask.Span.Count(true));
        Console.WriteLine($"{training.Length:N0} conversations to learn from, {asked.Length:N0} to ask; {answerTokens:N0} of {sequences.Sum(sequence => sequence.Length):N0} tokens are answers. {recipe.Trainer.Steps:N0} steps.");

        string[] right = [.. asked.Select(example => Right(example, tokenizer, format))];
        string[] before = Answers(model, tokenizer, format, asked, right, cancellationToken);
        RecipeReport result = await recipe.RunAsync(model, new StepLines("training"), cancellationToken: cancellationToken);
        string[] after = Answers(model, tokenizer, format, asked, right, cancellationToken);
        Question[] questions = [.. asked.Select((example, i) => new Question(example.Turns[^2].Content, right[i], before[i], after[i]))];
        new Report(options, result, questions, watch.Elapsed).ShowAndWrite();
    }

    private TrainingRecipe Compose(CausalLanguageModel model, ChatFormat format, IReadOnlyList<TokenSequence> sequences, IReadOnlyList<TokenSequence> heldOut) => Recipe.Compose(
        model.Config,
        DataSource.FromList(sequences, options.Seed, options.Epochs),
        new InstructionTuningOptions
        {
            ContextLength = options.ContextLength,
            ChatFormat = format,
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

    /// <summary>The last answer as it is written, calls of tools included.</summary>
    private static string Right(ChatExample example, HuggingFaceTokenizer tokenizer, ChatFormat format)
    {
        ChatText text = format.Render(example.Turns, new ChatRenderOptions { Tools = example.Tools });
        return Said(tokenizer.Encode(text.Text[text.AssistantSpans[^1].Start..text.AssistantSpans[^1].End], addSpecialTokens: false), tokenizer, format.FindStopTokenIds(tokenizer));
    }

    /// <summary>The last answer of each conversation, word by word until the model says that it is over.</summary>
    private static string[] Answers(
        CausalLanguageModel model, HuggingFaceTokenizer tokenizer, ChatFormat format, ChatExample[] asked, string[] right, CancellationToken cancellationToken)
    {
        var generator = new TextGenerator(model);
        int[] stop = format.FindStopTokenIds(tokenizer);
        return [.. asked.Select((example, i) =>
        {
            string prompt = format.Render([.. example.Turns.SkipLast(1)], new ChatRenderOptions { AddGenerationPrompt = true, Tools = example.Tools }).Text;
            int[] answer = generator.Generate(
                tokenizer.Encode(prompt, addSpecialTokens: false),
                new GenerationOptions { MaximumNewTokens = tokenizer.CountTokens(right[i]) + SpareTokens, StopTokenIds = stop },
                cancellationToken);
            return Said(answer, tokenizer, stop);
        })];
    }

    private static string Said(int[] answer, HuggingFaceTokenizer tokenizer, int[] stop) => tokenizer.Decode([.. answer.TakeWhile(token => !stop.Contains(token))]).Trim();
}
