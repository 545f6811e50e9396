using System.CommandLine;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Words;
using LongContext.Samples.PrepareLongAlign;

// From LongAlign-10k as it is published (Bai et al. 2024, arXiv:2401.18058) to what a training run takes: read, drop duplicates, write in the model's
// chat format, encode into a cache on disk, pack by best fit with the same say for every conversation. Without arguments: conversations of that form,
// made from a seed, for QuickStart's word model. With --data and --model: the real ones.
Option<string[]> data = new("--data") { Description = "Files, folders or patterns (\"long/*.jsonl.gz\"): JSON lines, Parquet or CSV, compressed or not. Needs --model.", AllowMultipleArgumentsPerToken = true };
Option<DirectoryInfo?> model = new("--model") { Description = "A Hugging Face folder, of which tokenizer and chat template are taken. Needs --data." };
Option<string?> chatFormat = new("--format") { Description = "Name of the chat format, such as chatml or llama3.1. Default: by the folder's template." };
Option<int?> context = new("--context") { Description = "Tokens of a pack; a longer conversation is left out and counted. Default: 65536, as published; 1024 for the built-in data." };
Option<int> seed = new("--seed") { Description = "Same seed, same order of packs (and the same built-in data).", DefaultValueFactory = _ => 1 };
Option<double> similarity = new("--similarity") { Description = "Jaccard similarity from which on two conversations are duplicates; 1 for equal ones only.", DefaultValueFactory = _ => 0.8 };
Option<bool> strict = new("--strict") { Description = "Stop at the first bad record instead of counting it." };
Option<bool> mend = new("--mend") { Description = "Mend conversations out of order (an answer first, two questions running) instead of counting them as bad." };
Option<DirectoryInfo> output = new("--output") { Description = "Folder for the tokens, the list of duplicates and the report. Run again, it takes the tokens that are there.", DefaultValueFactory = _ => new DirectoryInfo("prepare-longalign") };

RootCommand command = new("Turns conversations into packs to train on.") { data, model, chatFormat, context, seed, similarity, strict, mend, output };
command.SetAction((parsed, cancellationToken) => SampleCommand.RunAsync(async () =>
{
    string[] patterns = parsed.GetValue(data) ?? [];
    DirectoryInfo? folder = parsed.GetValue(model);
    if (folder is null != (patterns.Length == 0)) throw new UsageException("--model FOLDER and --data FILES go together.");
    double similar = parsed.GetValue(similarity);
    if (!(similar is > 0 and <= 1)) throw new UsageException(FormattableString.Invariant($"{similarity.Name} is {similar}, expected more than 0, at most 1."));
    await new Job(new JobOptions
    {
        Data = patterns,
        Model = folder?.FullName ?? WordModel.Folder,
        Format = parsed.GetValue(chatFormat) ?? (folder is null ? RecordsFormat.FormatName : null),
        ContextLength = parsed.GetValue(context) ?? (folder is null ? 1024 : 65536),
        Seed = parsed.GetValue(seed),
        Similarity = similar,
        Strict = parsed.GetValue(strict),
        Mend = parsed.GetValue(mend),
        Output = parsed.GetValue(output)!.FullName,
    }).RunAsync(cancellationToken);
}));
return await PatientInvocation.InvokeAsync(command, args);
