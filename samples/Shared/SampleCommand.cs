using LongContext.Checkpoints;
using LongContext.Data;
using LongContext.Evaluation;
using LongContext.Training;

namespace LongContext.Samples.Shared;

/// <summary>What every sample does about errors and cancellation.</summary>
internal static class SampleCommand
{
    public static async Task<int> RunAsync(Func<Task> work)
    {
        try
        {
            await work();
            return 0;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Cancelled. The same command goes on from the last checkpoint.");
            return 130;
        }
        catch (Exception e) when (e is UsageException or IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException
            or InvalidDataException or CheckpointFormatException or DataFormatException or NonFiniteLossException or EvaluationRunException)
        {
            // What a user can mend gets one line; anything else is a bug and keeps its stack trace.
            await Console.Error.WriteLineAsync("Error: " + e.Message);
            return 1;
        }
    }
}
