using System.CommandLine;
using LongContext.Samples.QuickStart.Folder;
using LongContext.Samples.QuickStart.Repetition;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Extension;

// The main job of the library in one program. Without arguments: extend a small word model from 256 to 2,048 tokens and show
// what each way of doing it gives. With --model and --data: the same job on a Hugging Face folder and a text of yours.
Option<DirectoryInfo> output = new("--output") { Description = "Folder for the report and the extended model.", DefaultValueFactory = _ => new DirectoryInfo("quickstart") };
Option<DirectoryInfo?> model = new("--model") { Description = "A Hugging Face folder to extend instead of the built-in word model." };
Option<FileInfo?> data = new("--data") { Description = "With --model: text (.txt) or JSON lines (.jsonl, field \"text\") to tune and measure on." };
Option<int?> context = new("--context") { Description = "With --model: the window to extend to, in tokens." };
Option<int?> heldOut = new("--held-out") { Description = "With --model: documents at the end of the data to measure on, not trained on. Default: a tenth." };
Option<long> tokens = new("--tokens") { Description = "With --model: tokens to tune on.", DefaultValueFactory = _ => 1_638_400 };
Option<double?> learningRate = new("--learning-rate") { Description = "With --model: peak learning rate. Default: 3e-3 for models under a million weights, 1e-4 up to a hundred million, 2e-5 above." };
Option<int> seed = new("--seed") { Description = "Same seed, same run.", DefaultValueFactory = _ => 1 };
Option<bool> measureOnly = new("--measure-only") { Description = "With --model: measure the model as it is, up to --context; nothing is extended, tuned or saved." };
Option<DirectoryInfo?> trainBase = new("--train-base") { Description = "Train the built-in word model anew and write it to this folder; nothing else is done." };

RootCommand command = new("Extends a model's context and shows that it worked.") { output, model, data, context, heldOut, tokens, learningRate, seed, measureOnly, trainBase };
command.SetAction((parsed, cancellationToken) => SampleCommand.RunAsync(async () =>
{
    if (parsed.GetValue(trainBase) is { } target)
    {
        await BaseModel.TrainAsync(target.FullName, parsed.GetValue(seed), cancellationToken);
        return;
    }

    if (parsed.GetValue(model) is { } folder)
    {
        await new FolderJob(new ExtensionOptions
        {
            Model = folder.FullName,
            Data = parsed.GetValue(data)?.FullName ?? throw new UsageException("--model needs --data FILE: the text to tune and measure on."),
            ContextLength = parsed.GetValue(context) ?? throw new UsageException("--model needs --context N: the window to extend to, in tokens."),
            HeldOutDocuments = parsed.GetValue(heldOut),
            Tokens = parsed.AtLeast(tokens, 1),
            LearningRate = parsed.GetValue(learningRate),
            Seed = parsed.GetValue(seed),
            MeasureOnly = parsed.GetValue(measureOnly),
            Output = parsed.GetValue(output)!.FullName,
        }).RunAsync(cancellationToken);
        return;
    }

    parsed.RequireNone("--model FOLDER", data, context, heldOut, tokens, learningRate, measureOnly);
    await new RepetitionJob(parsed.GetValue(output)!.FullName, parsed.GetValue(seed)).RunAsync(cancellationToken);
}));
return await PatientInvocation.InvokeAsync(command, args);
