using System.CommandLine;
using LongContext.Samples.QuickStart.Folder;
using LongContext.Samples.QuickStart.Repetition;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Extension;

// The main job of the library in one program. Without arguments: extend a small word model from 256 to 2,048 tokens and show
// what each way of doing it gives. With --model and --data: the same job on a Hugging Face folder and a text of yours.
Option<DirectoryInfo> output = new("--output") { Description = "Folder for the report and the extended model.", DefaultValueFactory = _ => new DirectoryInfo("quickstart") };
Option<int> seed = new("--seed") { Description = "Same seed, same run.", DefaultValueFactory = _ => 1 };
Option<bool> measureOnly = new("--measure-only") { Description = "With --model: measure the model as it is, up to --context; nothing is extended, tuned or saved." };
Option<DirectoryInfo?> trainBase = new("--train-base") { Description = "Train the built-in word model anew and write it to this folder; nothing else is done." };
var extension = new ExtensionCommand("the model");

RootCommand command = new("Extends a model's context and shows that it worked.") { output, seed, measureOnly, trainBase };
foreach (Option option in extension.Options) command.Options.Add(option);
command.SetAction((parsed, cancellationToken) => SampleCommand.RunAsync(async () =>
{
    if (parsed.GetValue(trainBase) is { } target)
    {
        await BaseModel.TrainAsync(target.FullName, parsed.GetValue(seed), cancellationToken);
        return;
    }

    if (extension.Read(parsed, parsed.GetValue(seed), parsed.GetValue(output)!.FullName) is { } options)
    {
        await new FolderJob(options with { MeasureOnly = parsed.GetValue(measureOnly) }).RunAsync(cancellationToken);
        return;
    }

    parsed.RequireNone("--model FOLDER", measureOnly);
    await new RepetitionJob(parsed.GetValue(output)!.FullName, parsed.GetValue(seed)).RunAsync(cancellationToken);
}));
return await PatientInvocation.InvokeAsync(command, args);
