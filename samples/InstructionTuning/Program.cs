using System.CommandLine;
using LongContext.Samples.InstructionTuning;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Loading;
using LongContext.Samples.Shared.Words;
using LongContext.Tokenization;

// Instruction tuning by the library's recipe: of conversations the answers alone count in the loss, each conversation as much as any other.
// Without arguments: QuickStart's word model learns to answer questions about made-up records. With --model and --data: a folder and conversations of yours.
Option<DirectoryInfo?> model = new("--model") { Description = "A Hugging Face folder instead of the built-in word model. Needs --data." };
Option<FileInfo?> data = new("--data") { Description = "With --model: JSON lines (or Parquet) with \"messages\" of \"role\" and \"content\", compressed or not; the last fifth, 40 at most, is asked." };
Option<FileInfo?> tools = new("--tools") { Description = "With --data: a JSON list of functions in OpenAI's form, for conversations without \"tools\" of their own. The chat format must have a place for them." };
Option<string?> chatFormat = new("--format") { Description = "Name of the chat format, such as chatml or llama3.1 (\"records\" is the built-in model's). Default: by the folder's template." };
Option<int?> context = new("--context") { Description = "The context to train at, in tokens; positions are interpolated where it is longer than the model's window. Default: that window." };
Option<int> epochs = new("--epochs") { Description = "Passes over the conversations.", DefaultValueFactory = _ => 12 };
Option<int> packs = new("--packs") { Description = "Packs of a step, each of the context's length.", DefaultValueFactory = _ => 8 };
Option<double?> learningRate = new("--learning-rate") { Description = "Peak learning rate. Default: 2e-3 for the built-in model, with --lora 1e-2; otherwise 2e-5, with --lora 2e-4, as published for 7B models." };
Option<bool> lora = new("--lora") { Description = "Train a low-rank adapter instead of all weights, and save it in PEFT's form." };
Option<int> seed = new("--seed") { Description = "Same seed, same run.", DefaultValueFactory = _ => 1 };
Option<DirectoryInfo> output = new("--output") { Description = "Folder for report, checkpoints and the trained model. A run that was stopped goes on when started again.", DefaultValueFactory = _ => new DirectoryInfo("instruction-tuning") };
Option<bool> settings = new("--settings") { Description = "Print how 7-8B models are trained on cards of 24, 48 and 80 GB; nothing else is done." };
Option<FileInfo?> writeData = new("--write-data") { Description = "Make the built-in conversations anew and write them to this file; nothing else is done." };
var placement = new PlacementCommand();

RootCommand command = new("Teaches a model to answer.") { model, data, tools, chatFormat, context, epochs, packs, learningRate, lora, seed, output, settings, writeData };
foreach (Option option in placement.Options) command.Options.Add(option);
command.SetAction((parsed, cancellationToken) => SampleCommand.RunAsync(async () =>
{
    if (parsed.GetValue(settings))
    {
        SettingsTables.Show();
        return;
    }

    if (parsed.GetValue(writeData) is { } target)
    {
        RecordsData.Write(target.FullName, HuggingFaceTokenizer.Load(WordModel.Folder), parsed.GetValue(seed));
        return;
    }

    DirectoryInfo? folder = parsed.GetValue(model);
    FileInfo? file = parsed.GetValue(data);
    if (folder is null != file is null) throw new UsageException("--model FOLDER and --data FILE go together.");
    if (parsed.GetValue(tools) is not null && file is null) throw new UsageException("--tools FILE goes with --data FILE.");
    if (folder is null) parsed.RequireNone("--model FOLDER", placement.Options);
    bool adapter = parsed.GetValue(lora);
    await new Job(new JobOptions
    {
        Model = folder?.FullName ?? WordModel.Folder,
        Placement = folder is null ? ModelPlacement.Plain : placement.Read(parsed),
        Data = file?.FullName ?? Path.Combine(AppContext.BaseDirectory, "records.jsonl"),
        Tools = parsed.GetValue(tools)?.FullName,
        ContextLength = parsed.GetValue(context),
        Epochs = parsed.AtLeast(epochs, 1),
        LearningRate = parsed.GetValue(learningRate) ?? (folder is null, adapter) switch { (true, false) => 2e-3, (true, true) => 1e-2, (false, false) => 2e-5, _ => 2e-4 },
        Packs = parsed.AtLeast(packs, 1),
        Lora = adapter,
        Format = parsed.GetValue(chatFormat) ?? (folder is null ? RecordsFormat.FormatName : null),
        Seed = parsed.GetValue(seed),
        Output = parsed.GetValue(output)!.FullName,
    }).RunAsync(cancellationToken);
}, goesOn: "from the last checkpoint"));
return await PatientInvocation.InvokeAsync(command, args);
