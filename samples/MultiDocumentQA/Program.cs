using System.CommandLine;
using LongContext.Samples.MultiDocumentQA.Folder;
using LongContext.Samples.MultiDocumentQA.Words;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Folder;

// Which of many documents a model finds, by where it stands. Without arguments: QuickStart's word model, as it is and tuned on made-up documents.
// With --model and --data: a Hugging Face folder and the files of "Lost in the Middle" (nq-open-20_total_documents_gold_at_0.jsonl.gz and the like).
Option<int[]> documents = new("--documents") { Description = "Numbers of documents to measure with. Default: 20 30 50 100; with --model as many as each question has.", AllowMultipleArgumentsPerToken = true };
Option<int> questions = new("--questions") { Description = "Made-up questions for each number of documents.", DefaultValueFactory = _ => 25 };
Option<long> tokens = new("--tokens") { Description = "Tokens to tune the word model on.", DefaultValueFactory = _ => 2_457_600 };
Option<int> answer = new("--answer-tokens") { Description = "With --model: most tokens of an answer. Default: 100, as the paper's.", DefaultValueFactory = _ => 100 };
Option<int> seed = new("--seed") { Description = "Same seed, same run.", DefaultValueFactory = _ => 1 };
Option<DirectoryInfo> output = new("--output") { Description = "Folder for report and tuned model.", DefaultValueFactory = _ => new DirectoryInfo("multi-document-qa") };
var folder = new FolderCommand("JSON lines with \"question\", \"answers\" and \"ctxs\" of \"title\", \"text\" and \"isgold\", compressed or not.", "questions at the data's end to measure on, a fifth of them at most.", 100);

RootCommand command = new("Asks about one of many documents.") { documents, questions, tokens, answer, seed, output };
foreach (Option option in folder.Options) command.Options.Add(option);
command.SetAction((parsed, cancellationToken) => SampleCommand.RunAsync(async () =>
{
    int[]? counts = parsed.GetValue(documents) is { Length: > 0 } given ? [.. given.Order()] : null;
    if (folder.Read(parsed, parsed.GetValue(seed), parsed.GetValue(output)!.FullName) is { } options)
    {
        await new FolderJob(options, counts, parsed.AtLeast(answer, 1)).RunAsync(cancellationToken);
        return;
    }

    await new WordJob(new WordJobOptions
    {
        Documents = counts ?? [20, 30, 50, 100],
        Questions = parsed.AtLeast(questions, 1),
        Tokens = parsed.AtLeast(tokens, 10_000),
        Seed = parsed.GetValue(seed),
        Output = parsed.GetValue(output)!.FullName,
    }).RunAsync(cancellationToken);
}, goesOn: "from the last checkpoint, if it had a model of yours"));
return await PatientInvocation.InvokeAsync(command, args);
