using System.CommandLine;
using LongContext.Samples.ContinuedPretraining;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Loading;

// Continued pretraining at a longer context by the library's recipe: positions are interpolated, the model goes on learning to predict text.
// Without arguments: QuickStart's word model, from 256 to 1,024 tokens, on made-up text. With --model and --data: a Hugging Face folder and a text of yours.
Option<DirectoryInfo?> model = new("--model") { Description = "A Hugging Face folder to extend instead of the built-in word model. Needs --data." };
Option<FileInfo?> data = new("--data") { Description = "With --model: text (.txt) or JSON lines (.jsonl, field \"text\"); its last tenth is measured on." };
Option<bool> join = new("--join") { Description = "With --data: join texts into documents of the whole context, for texts that are shorter." };
Option<int> context = new("--context") { Description = "The window to extend to, in tokens.", DefaultValueFactory = _ => 1024 };
Option<int> steps = new("--steps") { Description = "Steps to train.", DefaultValueFactory = _ => 160 };
Option<int> packs = new("--packs") { Description = "Packs of a step, each of --context tokens.", DefaultValueFactory = _ => 4 };
Option<double?> learningRate = new("--learning-rate") { Description = "Learning rate after 20 steps of warm-up. Default: 1e-3 for the built-in model, 2e-5 otherwise, as published for 7B models." };
Option<bool> longLora = new("--longlora") { Description = "Train LongLoRA's adapter, with embeddings and norms, instead of all weights." };
Option<int> seed = new("--seed") { Description = "Same seed, same run.", DefaultValueFactory = _ => 1 };
Option<DirectoryInfo> output = new("--output") { Description = "Folder for report, checkpoints and the extended model. A run that was stopped goes on when started again.", DefaultValueFactory = _ => new DirectoryInfo("continued-pretraining") };
Option<bool> settings = new("--settings") { Description = "Print how 7-8B models are trained on cards of 24, 48 and 80 GB; nothing else is done." };
var placement = new PlacementCommand();

RootCommand command = new("Extends a model's context by continued pretraining.") { model, data, join, context, steps, packs, learningRate, longLora, seed, output, settings };
foreach (Option option in placement.Options) command.Options.Add(option);
command.SetAction((parsed, cancellationToken) => SampleCommand.RunAsync(async () =>
{
    if (parsed.GetValue(settings))
    {
        SettingsTables.Show();
        return;
    }

    DirectoryInfo? folder = parsed.GetValue(model);
    FileInfo? text = parsed.GetValue(data);
    if (folder is null != text is null) throw new UsageException("--model FOLDER and --data FILE go together.");
    if (text is null) parsed.RequireNone("--data FILE", join);
    if (folder is null) parsed.RequireNone("--model FOLDER", placement.Options);
    await new Job(new JobOptions
    {
        Model = folder?.FullName ?? WordModel.Folder,
        Placement = folder is null ? ModelPlacement.Plain : placement.Read(parsed),
        Data = text?.FullName,
        Joins = parsed.GetValue(join),
        ContextLength = parsed.AtLeast(context, 64),
        Steps = parsed.AtLeast(steps, 1),
        Packs = parsed.AtLeast(packs, 1),
        LearningRate = parsed.GetValue(learningRate) ?? (folder is null ? 1e-3 : 2e-5),
        LongLora = parsed.GetValue(longLora),
        Seed = parsed.GetValue(seed),
        Output = parsed.GetValue(output)!.FullName,
    }).RunAsync(cancellationToken);
}, goesOn: "from the last checkpoint"));
return await PatientInvocation.InvokeAsync(command, args);
