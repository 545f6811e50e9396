using System.CommandLine;
using LongContext.Samples.Shared.Loading;

namespace LongContext.Samples.Shared.Folder;

/// <summary>The options with which the samples take a user's model and data.</summary>
internal sealed class FolderCommand(string data, string heldOut, int heldOutDefault)
{
    private readonly Option<DirectoryInfo?> model = new("--model") { Description = "A Hugging Face folder instead of the built-in word model. Needs --data." };
    private readonly Option<string[]> files = new("--data") { Description = $"With --model: {data}", AllowMultipleArgumentsPerToken = true };
    private readonly Option<int?> context = new("--context") { Description = "With --model: the context in tokens; positions are interpolated where it is longer than the model's window. Default: that window." };
    private readonly Option<int> measured = new("--held-out") { Description = $"With --model: {heldOut}", DefaultValueFactory = _ => heldOutDefault };
    private readonly Option<int> epochs = new("--epochs") { Description = "With --model: passes over the training examples.", DefaultValueFactory = _ => 2 };
    private readonly Option<int> packs = new("--packs") { Description = "With --model: packs of a step, each of the context's length.", DefaultValueFactory = _ => 8 };
    private readonly Option<double?> learningRate = new("--learning-rate") { Description = "With --model: peak learning rate. Default: 2e-5, with --lora 2e-4, as published for 7B models." };
    private readonly Option<bool> lora = new("--lora") { Description = "With --model: train a low-rank adapter instead of all weights, and save it in PEFT's form." };
    private readonly Option<bool> measureOnly = new("--measure-only") { Description = "With --model: measure the model as it is; nothing is trained or saved." };
    private readonly PlacementCommand placement = new();

    public IEnumerable<Option> Options => [model, files, context, measured, epochs, packs, learningRate, lora, measureOnly, .. placement.Options];

    /// <summary>What the command line says, or null where it is about the word model.</summary>
    public FolderOptions? Read(ParseResult parsed, int seed, string output)
    {
        DirectoryInfo? folder = parsed.GetValue(model);
        string[] data = parsed.GetValue(files) ?? [];
        if (folder is null != (data.Length == 0)) throw new UsageException("--model FOLDER and --data FILE go together.");
        if (folder is null)
        {
            parsed.RequireNone("--model FOLDER", Options);
            return null;
        }

        return new FolderOptions
        {
            Model = folder.FullName,
            Data = data,
            ContextLength = parsed.GetValue(context),
            HeldOut = parsed.AtLeast(measured, 1),
            Epochs = parsed.AtLeast(epochs, 1),
            LearningRate = parsed.GetValue(learningRate),
            Packs = parsed.AtLeast(packs, 1),
            Lora = parsed.GetValue(lora),
            MeasureOnly = parsed.GetValue(measureOnly),
            Placement = placement.Read(parsed),
            Seed = seed,
            Output = output,
        };
    }
}
