using System.Diagnostics;
using LongContext.Checkpoints;
using LongContext.TestSupport;

namespace LongContext.Core.Tests.Checkpoints;

/// <summary>A process that saves weights in three shards and, in the midst of the second, waits to be killed.</summary>
internal sealed class KilledSave : IDisposable
{
    public const string Name = "save-until-killed";

    private const string Ready = "half written";
    private readonly Process process;

    /// <summary>Starts it, until it waits.</summary>
    public KilledSave(string folder)
    {
        process = Process.Start(OwnProgram.With(Name, folder))!;
        Assert.Equal(Ready, process.StandardOutput.ReadLine());
    }

    /// <summary>What <see cref="KilledSave(string)"/> starts.</summary>
    public static int Run(string folder)
    {
        CheckpointWriter.Write(folder, [Tensor("a", _ => { }), Tensor("b", Wait), Tensor("c", _ => { })], maximumShardBytes: 16);
        return 0;

        static SafetensorsEntry Tensor(string name, Action<Stream> beside) => new(name, TensorDataType.UInt8, [16], stream =>
        {
            stream.Write(new byte[8]);
            beside(stream);
            stream.Write(new byte[8]);
        });

        static void Wait(Stream stream)
        {
            stream.Flush();
            Console.WriteLine(Ready);
            Thread.Sleep(Timeout.Infinite);
        }
    }

    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    public void Dispose()
    {
        if (!process.HasExited) Kill();
        process.Dispose();
    }
}
