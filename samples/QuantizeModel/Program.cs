using System.CommandLine;
using LongContext.Samples.QuantizeModel;
using LongContext.Samples.QuantizeModel.Measured;
using LongContext.Samples.Shared;

// What quantising a model costs, by context length and in a long task, before it is shipped; then the smallest model that kept its quality is saved.
// Without arguments: QuickStart's word model. With --model and --data: a Hugging Face folder and a text of yours.
Option<DirectoryInfo?> model = new("--model") { Description = "A Hugging Face folder instead of the built-in word model. Needs --data." };
Option<FileInfo?> data = new("--data") { Description = "With --model: text (.txt) or JSON lines (.jsonl, field \"text\"); the last tenth is measured on, the rest is GPTQ's calibration." };
Option<int?> context = new("--context") { Description = "With --model: the longest length to measure, in tokens. Default: the model's window, 8,192 at most." };
Option<string[]> formats = new("--formats")
{
    Description = $"Formats to compare, of {string.Join(", ", QuantizationChoice.Names)}.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [.. QuantizationChoice.Names],
};
Option<int> groupSize = new("--group-size") { Description = "Weights of a row that share a scale, for int4.", DefaultValueFactory = _ => 128 };
Option<string[]> tasks = new("--tasks") { Description = "With --model: RULER's tasks, such as niah_single_2 or vt. Default: none.", AllowMultipleArgumentsPerToken = true };
Option<int> samples = new("--samples") { Description = "Items of each task and length.", DefaultValueFactory = _ => 20 };
Option<int> calibration = new("--calibration") { Description = "Tokens of text that GPTQ measures inputs on.", DefaultValueFactory = _ => 65_536 };
Option<string?> keep = new("--keep") { Description = "The format to save. Default: the smallest model that lost nothing worth mentioning; where all lost something, none." };
Option<int> seed = new("--seed") { Description = "Same seed, same run.", DefaultValueFactory = _ => 1 };
Option<DirectoryInfo> output = new("--output") { Description = "Folder for the report and the quantised model.", DefaultValueFactory = _ => new DirectoryInfo("quantize-model") };

RootCommand command = new("Quantises a model and says what was lost.") { model, data, context, formats, groupSize, tasks, samples, calibration, keep, seed, output };
command.SetAction((parsed, cancellationToken) => SampleCommand.RunAsync(async () =>
{
    QuantizationChoice[] choices = QuantizationChoice.Parse(parsed.GetValue(formats) ?? [], parsed.AtLeast(groupSize, 16));
    string? kept = parsed.GetValue(keep);
    if (kept is not null && choices.All(choice => choice.Name != kept)) throw new UsageException($"--keep {kept} is none of --formats: {string.Join(", ", choices.Select(choice => choice.Name))}.");
    int items = parsed.AtLeast(samples, 1), draws = parsed.GetValue(seed);
    long tokens = parsed.AtLeast(calibration, 1_024);
    IMeasuredModel measured;
    if (parsed.GetValue(model) is { } folder)
    {
        string file = parsed.GetValue(data)?.FullName ?? throw new UsageException("--model needs --data FILE: the text to measure and calibrate on.");
        if (parsed.GetValue(context) is < 64) throw new UsageException($"--context is {parsed.GetValue(context)}, expected at least 64.");
        measured = new FolderModel(folder.FullName, file, parsed.GetValue(context), parsed.GetValue(tasks) ?? [], items, draws);
    }
    else
    {
        parsed.RequireNone("--model FOLDER", data, context, tasks);
        measured = new WordsModel(items, draws);
    }

    await new Job(measured, choices, tokens, kept, parsed.GetValue(output)!.FullName).RunAsync(cancellationToken);
}));
return await PatientInvocation.InvokeAsync(command, args);
