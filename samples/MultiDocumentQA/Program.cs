using System.CommandLine;
using LongContext.Samples.MultiDocumentQA;
using LongContext.Samples.MultiDocumentQA.Words;
using LongContext.Samples.Shared;

Option<int[]> documents = new("--documents") { Description = "", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [20, 30, 50, 100] };
Option<int> questions = new("--questions") { DefaultValueFactory = _ => 40 };
Option<long> tokens = new("--tokens") { DefaultValueFactory = _ => 2_457_600 };
Option<double?> learningRate = new("--learning-rate");
Option<int> seed = new("--seed") { DefaultValueFactory = _ => 1 };
Option<bool> tunedOnly = new("--tuned-only") { Hidden = true };
Option<DirectoryInfo> output = new("--output") { DefaultValueFactory = _ => new DirectoryInfo("multi-document-qa") };
RootCommand command = new("Multi-document question answering.") { documents, questions, tokens, learningRate, seed, tunedOnly, output };
command.SetAction((parsed, cancellationToken) => SampleCommand.RunAsync(async () => await new WordJob(new JobOptions
{
    Model = WordModel.Folder,
    Documents = parsed.GetValue(documents)!,
    Questions = parsed.GetValue(questions),
    Tokens = parsed.GetValue(tokens),
    LearningRate = parsed.GetValue(learningRate),
    Seed = parsed.GetValue(seed),
    TunedOnly = parsed.GetValue(tunedOnly),
    Output = parsed.GetValue(output)!.FullName,
}).RunAsync(cancellationToken)));
return await command.Parse(args).InvokeAsync();
