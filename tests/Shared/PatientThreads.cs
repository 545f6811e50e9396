using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace LongContext.TestSupport;

/// <summary>
/// Lets the threads by which libtorch multiplies (OpenMP's) sleep when they wait, here and in the programs that tests start, unless OMP_WAIT_POLICY says otherwise. They spin by default: test
/// programs that run beside each other on the same cores then take these from each other for doing nothing, which trebled the processor time of samples that train.
/// </summary>
internal static class PatientThreads
{
    private const string Policy = "OMP_WAIT_POLICY", Passive = "PASSIVE";

    /// <summary>Before libtorch is loaded, which reads the variable once.</summary>
    [ModuleInitializer]
    internal static void Set()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable(Policy) is not null) return;
        // .NET's variables are a copy that only programs it starts see: the C library has its own.
        _ = SetVariable(Encoding.UTF8.GetBytes(Policy + '\0'), Encoding.UTF8.GetBytes(Passive + '\0'), overwrite: 0);
        Environment.SetEnvironmentVariable(Policy, Passive);
    }

#pragma warning disable SYSLIB1054 // generated code would need unsafe blocks in every test project
    [DllImport("libc", EntryPoint = "setenv")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetVariable(byte[] name, byte[] value, int overwrite);
#pragma warning restore SYSLIB1054
}
