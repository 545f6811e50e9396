using LongContext.Tests;
using TorchSharp;

[assembly: AssemblyFixture(typeof(OneTorchThread))]
[assembly: CaptureConsole]

namespace LongContext.Tests;

/// <summary>
/// Test classes run beside each other already, on models too small to share out: more threads inside libtorch would only
/// wait for one another (measured: 46 s of processor time for the trainer's tests on a busy machine).
/// </summary>
public sealed class OneTorchThread
{
    public OneTorchThread() => torch.set_num_threads(1);
}
