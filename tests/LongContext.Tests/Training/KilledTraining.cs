using System.Globalization;
using LongContext.Models;
using LongContext.Training;
using TorchSharp;

namespace LongContext.Tests.Training;

/// <summary>
/// A program that trains a tiny model on a mixture through the packer, with accumulation and a checkpoint after every step, from the
/// latest checkpoint on; it can be killed at any moment. Every step's numbers go to a file with all their bits.
/// </summary>
internal static class KilledTraining
{
    public const string Name = "train-until-killed";
    public const string Ready = "ready";

    /// <param name="args">The name; the folder for checkpoints; the file for the numbers; steps of the whole run.</param>
    public static int Run(string[] args)
    {
        torch.set_num_threads(1);
        torch.random.manual_seed(11);
        using CausalLanguageModel model = TinyModels.Create(dataType: torch.ScalarType.Float32);
        using FileStream log = new(args[2], FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        using var trainer = new LongContextTrainer(model, Options(args[1], int.Parse(args[3], CultureInfo.InvariantCulture)));
        trainer.ResumeLatest();
        Console.WriteLine(Ready);
        var listener = new TrainingRun.Listener(progress =>
        {
            // Drawn from libtorch's own generator, which must go on where it was too.
            using torch.Tensor drawn = torch.rand(1);
            log.Write(System.Text.Encoding.ASCII.GetBytes(string.Create(
                CultureInfo.InvariantCulture,
                $"{progress.Step} {Bits(progress.Loss)} {Bits(progress.GradientNorm)} {progress.StepTokens} {BitConverter.SingleToInt32Bits(drawn.item<float>()):x8}\n")));
            Console.WriteLine(progress.Step);
        });
        trainer.TrainAsync(Streams.Packer(), listener).GetAwaiter().GetResult();
        return 0;
    }

    private static TrainerOptions Options(string folder, int steps) => new()
    {
        Steps = steps,
        GradientAccumulationSteps = 3,
        LearningRate = 3e-3,
        Schedule = LearningRateSchedule.Cosine(warmupSteps: 5),
        CheckpointFolder = folder,
        CheckpointEverySteps = 1,
        CheckpointsToKeep = 2,
    };

    private static string Bits(double value) => BitConverter.DoubleToInt64Bits(value).ToString("x16", CultureInfo.InvariantCulture);
}
