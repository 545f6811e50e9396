using System.CommandLine;
using LongContext.Samples.BookSummarization.Folder;
using LongContext.Samples.BookSummarization.Words;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Folder;

// Summaries of chapters, with and without a longer window. Without arguments: QuickStart's word model, as it is and tuned on made-up chapters of up to
// 2,048 tokens. With --model and --data: a Hugging Face folder and BookSum (JSON lines, CSV or Parquet).
Option<int[]> lengths = new("--lengths") { Description = "Lengths of made-up chapters to measure at, in tokens.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [256, 512, 1024, 2048] };
Option<int> chapters = new("--chapters") { Description = "Made-up chapters of each length.", DefaultValueFactory = _ => 20 };
Option<long> tokens = new("--tokens") { Description = "Tokens to tune the word model on.", DefaultValueFactory = _ => 2_457_600 };
Option<int> summary = new("--summary-tokens") { Description = "With --model: most tokens of a summary.", DefaultValueFactory = _ => 512 };
Option<int> seed = new("--seed") { Description = "Same seed, same run.", DefaultValueFactory = _ => 1 };
Option<DirectoryInfo> output = new("--output") { Description = "Folder for report and tuned model.", DefaultValueFactory = _ => new DirectoryInfo("book-summarization") };
var folder = new FolderCommand("records of \"chapter\" and \"summary_text\" (.jsonl, .csv, .parquet), compressed or not.", "chapters at the data's end to measure on, a fifth of them at most.", 40);

RootCommand command = new("Summarises chapters.") { lengths, chapters, tokens, summary, seed, output };
foreach (Option option in folder.Options) command.Options.Add(option);
command.SetAction((parsed, cancellationToken) => SampleCommand.RunAsync(async () =>
{
    if (folder.Read(parsed, parsed.GetValue(seed), parsed.GetValue(output)!.FullName) is { } options)
    {
        await new FolderJob(options, parsed.AtLeast(summary, 1)).RunAsync(cancellationToken);
        return;
    }

    await new WordJob(new WordJobOptions
    {
        Lengths = [.. parsed.GetValue(lengths)!.Order()],
        Chapters = parsed.AtLeast(chapters, 1),
        Tokens = parsed.AtLeast(tokens, 10_000),
        Seed = parsed.GetValue(seed),
        Output = parsed.GetValue(output)!.FullName,
    }).RunAsync(cancellationToken);
}, goesOn: "from the last checkpoint, if it had a model of yours"));
return await PatientInvocation.InvokeAsync(command, args);
