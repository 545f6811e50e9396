using System.CommandLine;
using LongContext.Samples.RopeScalingStudy.Folder;
using LongContext.Samples.RopeScalingStudy.Words;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Extension;
using LongContext.Samples.Shared.Repetition;

// Linear, dynamic and YaRN scaling compared by length, with and without fine-tuning. Without arguments: QuickStart's word model, from 256 to 2,048 tokens.
// With --model, --data and --context: a Hugging Face folder and a text of yours, by perplexity.
Option<int> questions = new("--questions") { Description = "Questions to the word model at each length, for each of five places of the answer.", DefaultValueFactory = _ => 8 };
Option<int> steps = new("--steps") { Description = "Steps to tune the word model for, with each scaling.", DefaultValueFactory = _ => RepetitionTuning.Steps };
Option<bool> untuned = new("--untuned") { Description = "Nothing is tuned: only the scalings as they are." };
Option<int> seed = new("--seed") { Description = "Same seed, same run.", DefaultValueFactory = _ => 1 };
Option<DirectoryInfo> output = new("--output") { Description = "Folder for the report and the tuned models.", DefaultValueFactory = _ => new DirectoryInfo("rope-scaling-study") };
var extension = new ExtensionCommand("each scaling");

RootCommand command = new("Compares ways to stretch a model's positions.") { questions, steps, untuned, seed, output };
foreach (Option option in extension.Options) command.Options.Add(option);
command.SetAction((parsed, cancellationToken) => SampleCommand.RunAsync(async () =>
{
    string folder = parsed.GetValue(output)!.FullName;
    bool tunes = !parsed.GetValue(untuned);
    if (extension.Read(parsed, parsed.GetValue(seed), folder) is { } options)
    {
        await new FolderStudy(options, tunes).RunAsync(cancellationToken);
        return;
    }

    await new WordStudy(folder, parsed.AtLeast(questions, 1), tunes ? parsed.AtLeast(steps, 20) : 0, parsed.GetValue(seed)).RunAsync(cancellationToken);
}));
return await PatientInvocation.InvokeAsync(command, args);
