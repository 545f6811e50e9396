using System.CommandLine;
using LongContext.Samples.Shared.Loading;

namespace LongContext.Samples.Shared.Extension;

/// <summary>The options with which the samples take a model to be extended and the text to tune and measure it on.</summary>
/// <param name="tuned">What tokens are spent on, for people.</param>
internal sealed class ExtensionCommand(string tuned)
{
    private readonly Option<DirectoryInfo?> model = new("--model") { Description = "A Hugging Face folder to extend instead of the built-in word model. Needs --data and --context." };
    private readonly Option<FileInfo?> data = new("--data") { Description = "With --model: text (.txt) or JSON lines (.jsonl, field \"text\") to tune and measure on." };
    private readonly Option<int?> context = new("--context") { Description = "With --model: the window to extend to, in tokens." };
    private readonly Option<int?> heldOut = new("--held-out") { Description = "With --model: documents at the end of the data to measure on, not trained on. Default: a tenth." };
    private readonly Option<long> tokens = new("--tokens") { Description = $"With --model: tokens to tune {tuned} on.", DefaultValueFactory = _ => 1_638_400 };
    private readonly Option<double?> learningRate = new("--learning-rate") { Description = "With --model: peak learning rate. Default: 3e-3 for models under a million weights, 1e-4 up to a hundred million, 2e-5 above." };
    private readonly PlacementCommand placement = new();

    public IEnumerable<Option> Options => [model, data, context, heldOut, tokens, learningRate, .. placement.Options];

    /// <summary>What the command line says, or null where it is about the word model.</summary>
    public ExtensionOptions? Read(ParseResult parsed, int seed, string output)
    {
        if (parsed.GetValue(model) is not { } folder)
        {
            parsed.RequireNone("--model FOLDER", Options);
            return null;
        }

        return new ExtensionOptions
        {
            Model = folder.FullName,
            Data = parsed.GetValue(data)?.FullName ?? throw new UsageException("--model needs --data FILE: the text to tune and measure on."),
            ContextLength = parsed.GetValue(context) ?? throw new UsageException("--model needs --context N: the window to extend to, in tokens."),
            HeldOutDocuments = parsed.GetValue(heldOut),
            Tokens = parsed.AtLeast(tokens, 1),
            LearningRate = parsed.GetValue(learningRate),
            Placement = placement.Read(parsed),
            Seed = seed,
            Output = output,
        };
    }
}
