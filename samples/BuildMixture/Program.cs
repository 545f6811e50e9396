using System.CommandLine;
using LongContext.Data.Mixing;
using LongContext.Data.Reading;
using LongContext.Samples.BuildMixture;
using LongContext.Samples.Shared;

// The two data mixtures that made the 32K Llama 2, built from files: shares by tokens, tasks packed as in-context examples, short sequences left out.
// Without arguments: small files made up from a seed, and QuickStart's words for a tokenizer. With --model and patterns: files of yours.
Option<DirectoryInfo?> model = new("--model") { Description = "A Hugging Face folder whose tokenizer counts. Needs the patterns of at least one mixture's shares." };
Option<string[]> books = Patterns("--books", "Both mixtures: books.");
Option<string[]> papers = Patterns("--papers", "Both mixtures: papers with their abstracts.");
Option<string[]> web = Patterns("--web", "Pre-training: other web text and code.");
Option<string[]> denoising = Patterns("--denoising", "Pre-training: denoising data that are made already.");
Option<string[]> denoisingTexts = Patterns("--denoising-texts", "Pre-training: texts to make denoising data of, instead of --denoising.");
Option<string[]> instructions = Patterns("--instructions", "Few-shot tuning: natural instructions, prompts with completions.");
Option<string[]> prompts = Patterns("--prompts", "Few-shot tuning: prompt collections, prompts with completions.");
Option<string[]> general = Patterns("--general", "Few-shot tuning: general text.");
Option<int?> context = new("--context") { Description = "Tokens of a sequence. Default: 32768, as published; 1024 for the built-in files." };
Option<int?> minimum = new("--minimum") { Description = "Pre-training: sequences of fewer tokens are left out. Default: 2048, as published; 64 for the built-in files." };
Option<bool> skip = new("--skip-bad-lines") { Description = "Count bad lines and pass them over instead of stopping at the first." };
Option<long> tokens = new("--tokens") { Description = "Stop after so many tokens of each mixture.", DefaultValueFactory = _ => 1_500_000_000 };
Option<int> seed = new("--seed") { Description = "Same seed, same mixture.", DefaultValueFactory = _ => 1 };
Option<DirectoryInfo> output = new("--output") { Description = "Folder for the tokens and the report, and for the built-in files. Run again, it takes the tokens that are there.", DefaultValueFactory = _ => new DirectoryInfo("build-mixture") };

RootCommand command = new("Builds the data mixtures of the 32K Llama 2.") { model, books, papers, web, denoising, denoisingTexts, instructions, prompts, general, context, minimum, skip, tokens, seed, output };
command.SetAction((parsed, cancellationToken) => SampleCommand.RunAsync(async () =>
{
    Option<string[]>[] given = [.. new[] { books, papers, web, denoising, denoisingTexts, instructions, prompts, general }.Where(option => parsed.GetValue(option) is { Length: > 0 })];
    string folder = parsed.GetValue(output)!.FullName;
    if (parsed.GetValue(model) is null != (given.Length == 0)) throw new UsageException("--model FOLDER and the patterns of shares go together.");
    MixtureFiles files = given.Length == 0
        ? BuiltInFiles.Find(folder, parsed.GetValue(seed))
        : new MixtureFiles
        {
            Books = Share(books),
            Papers = Share(papers),
            Web = Share(web),
            Denoising = Share(denoising),
            DenoisingTexts = Share(denoisingTexts),
            Instructions = Share(instructions),
            Prompts = Share(prompts),
            General = Share(general),
        };
    await new Job(new JobOptions
    {
        Model = parsed.GetValue(model)?.FullName ?? WordModel.Folder,
        Files = files,
        ContextLength = parsed.GetValue(context) ?? (given.Length == 0 ? 1024 : 32_768),
        MinimumTokens = parsed.GetValue(minimum) ?? (given.Length == 0 ? 64 : 2048),
        MostTokens = parsed.AtLeast(tokens, 1),
        Seed = parsed.GetValue(seed),
        Output = folder,
    }).RunAsync(cancellationToken);

    MixtureShare? Share(Option<string[]> option) => parsed.GetValue(option) is { Length: > 0 } patterns
        ? new MixtureShare { Patterns = patterns, Reading = new RecordSourceOptions { BadLines = parsed.GetValue(skip) ? BadLines.Skip : BadLines.Stop } }
        : null;
}, goesOn: "with the mixtures whose tokens are written; nothing half-written stays behind"));
return await PatientInvocation.InvokeAsync(command, args);

static Option<string[]> Patterns(string name, string description) => new(name) { Description = description + " Files, folders or patterns such as data/**/*.jsonl.zst.", AllowMultipleArgumentsPerToken = true };
