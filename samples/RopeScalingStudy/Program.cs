using System.CommandLine;
using LongContext.Samples.RopeScalingStudy.Folder;
using LongContext.Samples.RopeScalingStudy.Words;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Extension;
using LongContext.Samples.Shared.Repetition;

// Linear, dynamic and YaRN scaling compared by length, with and without fine-tuning. Without arguments: QuickStart's word model, from 256 to 2,048 tokens.
// With --model, --data and --context: a Hugging Face folder and a text of yours, by perplexity.
Option<DirectoryInfo?> model = new("--model") { Description = "A Hugging Face folder instead of the built-in word model. Needs --data and --context." };
Option<FileInfo?> data = new("--data") { Description = "With --model: text (.txt) or JSON lines (.jsonl, field \"text\") to tune and measure on." };
Option<int?> context = new("--context") { Description = "With --model: the window to extend to, in tokens." };
Option<int?> heldOut = new("--held-out") { Description = "With --model: documents at the end of the data to measure on, not trained on. Default: a tenth." };
Option<long> tokens = new("--tokens") { Description = "With --model: tokens to tune each scaling on.", DefaultValueFactory = _ => 1_638_400 };
Option<double?> learningRate = new("--learning-rate") { Description = "With --model: peak learning rate. Default: by the model's size." };
Option<int> questions = new("--questions") { Description = "Questions to the word model at each length, for each of five places of the answer.", DefaultValueFactory = _ => 8 };
Option<int> steps = new("--steps") { Description = "Steps to tune the word model for, with each scaling.", DefaultValueFactory = _ => RepetitionTuning.Steps };
Option<bool> untuned = new("--untuned") { Description = "Nothing is tuned: only the scalings as they are." };
Option<int> seed = new("--seed") { Description = "Same seed, same run.", DefaultValueFactory = _ => 1 };
Option<DirectoryInfo> output = new("--output") { Description = "Folder for the report and the tuned models.", DefaultValueFactory = _ => new DirectoryInfo("rope-scaling-study") };

RootCommand command = new("Compares ways to stretch a model's positions.") { model, data, context, heldOut, tokens, learningRate, questions, steps, untuned, seed, output };
command.SetAction((parsed, cancellationToken) => SampleCommand.RunAsync(async () =>
{
    string folder = parsed.GetValue(output)!.FullName;
    bool tunes = !parsed.GetValue(untuned);
    if (parsed.GetValue(model) is { } given)
    {
        await new FolderStudy(
            new ExtensionOptions
            {
                Model = given.FullName,
                Data = parsed.GetValue(data)?.FullName ?? throw new UsageException("--model needs --data FILE: the text to tune and measure on."),
                ContextLength = parsed.GetValue(context) ?? throw new UsageException("--model needs --context N: the window to extend to, in tokens."),
                HeldOutDocuments = parsed.GetValue(heldOut),
                Tokens = parsed.AtLeast(tokens, 1),
                LearningRate = parsed.GetValue(learningRate),
                Seed = parsed.GetValue(seed),
                Output = folder,
            },
            tunes).RunAsync(cancellationToken);
        return;
    }

    parsed.RequireNone("--model FOLDER", data, context, heldOut, tokens, learningRate);
    await new WordStudy(folder, parsed.AtLeast(questions, 1), tunes ? parsed.AtLeast(steps, 20) : 0, parsed.GetValue(seed)).RunAsync(cancellationToken);
}));
return await PatientInvocation.InvokeAsync(command, args);
