using System.CommandLine;
using LongContext.Evaluation;
using LongContext.Samples.EvaluateAnyModel.Given;
using LongContext.Samples.EvaluateAnyModel.Words;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Repetition;

// At which length a model stops being reliable. Without arguments: QuickStart's word model, from 256 to 2,048 tokens.
// With --model or --endpoint: a Hugging Face folder, or any OpenAI-compatible server.
Option<int[]> lengths = TaskChoice.Several<int>("--lengths", "Tokens of prompt and answer. Default: an eighth of the model's window to all of it; where nobody knows it, 1024 2048 4096 8192.");
Option<int?> samples = new("--samples") { Description = "Questions of each task and length. Default: 10; to the word model 4 for each depth." };
Option<double[]> depths = TaskChoice.Several<double>("--depths", "Where in the text the answer lies, 0 to 1. Default: 0 0.25 0.5 0.75 1.");
Option<bool> effective = new("--effective") { Description = "Look for the length up to which the model keeps the threshold in the tasks that exist at every length." };
Option<double> threshold = new("--threshold") { Description = "The mean score that it must keep. Default: RULER's.", DefaultValueFactory = _ => 0.856 };
Option<string[]> strategies = TaskChoice.Several<string>("--strategies", "What is done with long contexts: full, middle (cut it out), bm25 (passages that fit the question). Default: full.");
Option<int> requests = new("--requests") { Description = "Requests at once.", DefaultValueFactory = _ => 4 };
Option<int> tries = new("--tries") { Description = "How often a request is made before its question counts as failed.", DefaultValueFactory = _ => 6 };
Option<int> seed = new("--seed") { Description = "Same seed, same questions.", DefaultValueFactory = _ => 1 };
Option<DirectoryInfo> output = new("--output") { Description = "Folder for answers and report; a run that was stopped goes on from it.", DefaultValueFactory = _ => new DirectoryInfo("evaluate-any-model") };
var modelChoice = new ModelChoice();
var taskChoice = new TaskChoice(lengths, samples, depths, seed);

RootCommand command = new("Evaluates a model at several lengths.") { lengths, samples, depths, effective, threshold, strategies, requests, tries, seed, output };
foreach (Option option in modelChoice.Options.Concat(taskChoice.Options)) command.Options.Add(option);
command.SetAction((parsed, cancellationToken) => SampleCommand.RunAsync(async () =>
{
    Func<EvaluationModel>? open = modelChoice.Read(parsed);
    int least = open is null ? MarkerTask.ShortestLength : 64;
    int[] given = parsed.GetValue(lengths) ?? [];
    if (given.Any(length => length < least)) throw new UsageException($"--lengths has {given.First(length => length < least)}, expected at least {least}.");
    if (given.Distinct().Count() < given.Length) throw new UsageException("--lengths has a length twice.");
    double[] places = parsed.GetValue(depths) ?? [];
    if (places.Any(depth => depth is not (>= 0 and <= 1))) throw new UsageException(FormattableString.Invariant($"--depths has {places.First(depth => depth is not (>= 0 and <= 1))}, expected 0 to 1."));
    if (parsed.GetValue(samples) < 1) throw new UsageException($"--samples is {parsed.GetValue(samples)}, expected at least 1.");
    double kept = parsed.GetValue(threshold);
    if (kept is not (> 0 and < 1)) throw new UsageException(FormattableString.Invariant($"--threshold is {kept}, expected between 0 and 1."));
    int atOnce = parsed.AtLeast(requests, 1);
    var run = new EvaluationRunOptions
    {
        Title = "Evaluation by length",
        Folder = parsed.GetValue(output)!.FullName,
        RequestsAtOnce = atOnce,
        // A model of ours says itself how many it computes at once; the number of items bounds that.
        ItemsAtOnce = parsed.GetResult(requests) is { Implicit: false } ? atOnce : Math.Max(8, atOnce),
        MaximumTries = parsed.AtLeast(tries, 1),
        RequestTimeout = modelChoice.Timeout(parsed),
        Seed = parsed.GetValue(seed),
    };
    if (open is null)
    {
        parsed.RequireNone("--model FOLDER or --endpoint URL", [.. taskChoice.Options, effective, strategies, requests, tries]);
        await new WordJob
        {
            Lengths = given.Length > 0 ? [.. given.Order()] : [256, 512, 1024, 2048],
            Questions = parsed.GetValue(samples) ?? 4,
            Depths = places.Length > 0 ? places : [0, 0.25, 0.5, 0.75, 1],
            Threshold = kept,
            Seed = parsed.GetValue(seed),
            Run = run,
        }.RunAsync(cancellationToken);
        return;
    }

    TaskPlan plan = taskChoice.Read(parsed, cancellationToken);
    if (parsed.GetValue(effective) && plan.Names.Count == 0) throw new UsageException("--effective needs --tasks NAMES: questions from files have no length to choose.");
    await new GivenJob
    {
        Open = open,
        Plan = plan,
        Strategies = Strategies.Create(parsed.GetValue(strategies) is { Length: > 0 } named ? named : ["full"]),
        Threshold = parsed.GetValue(effective) ? kept : null,
        Run = run,
    }.RunAsync(cancellationToken);
}, goesOn: "with the answers that are kept"));
return await PatientInvocation.InvokeAsync(command, args);
