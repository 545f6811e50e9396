using System.CommandLine;
using LongContext.Samples.CompareStrategies.Own;
using LongContext.Samples.CompareStrategies.Words;
using LongContext.Samples.Shared;

// What to do with a text that is long: give it to the model as it is, cut it, search it for passages, or compress it. Strategies compared on the same questions, by what
// they reach and what they take. Without arguments: QuickStart's word model, on texts longer than its window.
// With --model or --endpoint, and --questions or --longbench-e: a model and questions of yours.
OwnCommand own = new();
Option<int> each = new("--each") { Description = "Questions to the word model at each length.", DefaultValueFactory = _ => 20 };
Option<int> seed = new("--seed") { Description = "Same seed, same questions to the word model.", DefaultValueFactory = _ => 1 };
Option<DirectoryInfo> output = new("--output")
{
    Description = "Folder for the report, and for answers: the same command again goes on where it ended.",
    DefaultValueFactory = _ => new DirectoryInfo("compare-strategies"),
};

RootCommand command = new("Compares strategies for long contexts.") { each, seed, output };
foreach (Option option in own.Options) command.Add(option);
command.SetAction((parsed, cancellationToken) => SampleCommand.RunAsync(async () =>
{
    string folder = parsed.GetValue(output)!.FullName;
    if (own.Read(parsed, folder) is { } options)
    {
        if (parsed.GetResult(each) is { Implicit: false }) throw new UsageException("--each is for the built-in word model; --items limits questions of yours.");
        await new OwnComparison(options).RunAsync(cancellationToken);
        return;
    }

    await new WordComparison(folder, parsed.AtLeast(each, 1), parsed.GetValue(seed)).RunAsync(cancellationToken);
}, goesOn: "with the answers that are kept"));
return await PatientInvocation.InvokeAsync(command, args);
