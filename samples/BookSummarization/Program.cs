using System.CommandLine;
using LongContext.Samples.BookSummarization;
using LongContext.Samples.BookSummarization.Words;
using LongContext.Samples.Shared;

Option<int[]> lengths = new("--lengths") { AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [256, 512, 1024, 2048] };
Option<int> chapters = new("--chapters") { DefaultValueFactory = _ => 20 };
Option<long> tokens = new("--tokens") { DefaultValueFactory = _ => 2_457_600 };
Option<double?> learningRate = new("--learning-rate");
Option<int> seed = new("--seed") { DefaultValueFactory = _ => 1 };
Option<bool> tunedOnly = new("--tuned-only") { Hidden = true };
Option<DirectoryInfo> output = new("--output") { DefaultValueFactory = _ => new DirectoryInfo("book-summarization") };
RootCommand command = new("Summaries of chapters.") { lengths, chapters, tokens, learningRate, seed, tunedOnly, output };
command.SetAction((parsed, cancellationToken) => SampleCommand.RunAsync(async () => await new WordJob(new JobOptions
{
    Model = WordModel.Folder,
    Lengths = parsed.GetValue(lengths)!,
    Chapters = parsed.GetValue(chapters),
    Tokens = parsed.GetValue(tokens),
    LearningRate = parsed.GetValue(learningRate),
    Seed = parsed.GetValue(seed),
    TunedOnly = parsed.GetValue(tunedOnly),
    Output = parsed.GetValue(output)!.FullName,
}).RunAsync(cancellationToken)));
return await command.Parse(args).InvokeAsync();
