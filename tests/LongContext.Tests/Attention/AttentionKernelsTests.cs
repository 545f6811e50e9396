using System.Reflection;
using LongContext.Attention;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;
using Microsoft.Extensions.Logging;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Tests.Attention;

public sealed class AttentionKernelsTests
{
    [Fact]
    public void IAttentionKernel_EveryImplementation_HasItsSuite()
    {
        Type[] kernels = [.. typeof(IAttentionKernel).Assembly.GetTypes().Where(type => !type.IsAbstract && type.IsAssignableTo(typeof(IAttentionKernel)))];
        Type[] tested = [.. typeof(AttentionKernelSuite).Assembly.GetTypes()
            .Where(type => !type.IsAbstract && type.IsSubclassOf(typeof(AttentionKernelSuite)) && type != typeof(GpuCudaAttentionKernelTests))
            .Select(suite => KernelOf(suite).GetType())];

        Assert.NotEmpty(kernels);
        Assert.Equal([], kernels.Except(tested).Select(kernel => $"{kernel.Name} has no suite: derive one from {nameof(AttentionKernelSuite)}"));
    }

    [Fact]
    public void Auto_AnyCall_LogsWhatItChose()
    {
        var log = new ListLogger();
        IAttentionKernel kernel = AttentionKernels.Auto(CPU, ScalarType.Float32, 64, log);
        Assert.Same(AttentionKernels.Libtorch, kernel);
        string line = Assert.Single(log.Lines);
        Assert.Contains("libtorch", line, StringComparison.Ordinal);
        Assert.Contains("cpu", line, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(ScalarType.BFloat16, 128, "cuda", "have it")]
    [InlineData(ScalarType.Float16, 80, "cuda", "have it")]
    [InlineData(ScalarType.Float32, 128, "libtorch", "Float32")]
    [InlineData(ScalarType.BFloat16, 112, "cuda", "have it")]
    [InlineData(ScalarType.BFloat16, 16, "libtorch", "filled up to 64")]
    [InlineData(ScalarType.BFloat16, 192, "libtorch", "filled up to 256")]
    [InlineData(ScalarType.BFloat16, 320, "libtorch", "320")]
    public void Choose_WhereTheTiledKernelsRun_TakesThemForWhatTheyHave(ScalarType type, int headSize, string expected, string reason)
    {
        var log = new ListLogger();
        using var context = new CudaContext(new EmulatedDriver(), 0);
        Assert.Equal(expected, AttentionKernels.Choose(new CudaAttentionKernel(false, context, DeviceType.CPU), CPU, type, headSize, log).Name);
        Assert.Contains(reason, Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Choose_OnAnOlderGpu_SaysWhyNot()
    {
        var log = new ListLogger();
        using var context = new CudaContext(new EmulatedDriver(new EmulationOptions { Capability = 75 }), 0);
        Assert.Same(
            AttentionKernels.Libtorch, AttentionKernels.Choose(new CudaAttentionKernel(false, context, DeviceType.CPU), CPU, ScalarType.BFloat16, 64, log));
        Assert.Contains("7.5", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sm_90a/", "cuda", "have it", "the portable ones run")]
    [InlineData("/", "libtorch", "CUDA_ERROR_INVALID_PTX")]
    public void Choose_DriverThatRefusesKernels_GoesOnWithoutThem(string refused, string expected, params string[] said)
    {
        var log = new ListLogger();
        using var context = new CudaContext(new EmulatedDriver(new EmulationOptions { Refuses = name => name.Contains(refused, StringComparison.Ordinal) }), 0);
        Assert.Equal(expected, AttentionKernels.Choose(new CudaAttentionKernel(false, context, DeviceType.CPU), CPU, ScalarType.BFloat16, 128, log).Name);
        Assert.Equal(said.Length, log.Lines.Count);
        for (int i = 0; i < said.Length; i++) Assert.Contains(said[i], log.Lines[i], StringComparison.Ordinal);
    }

    private static IAttentionKernel KernelOf(Type suite) =>
        (IAttentionKernel)suite.GetProperty("Kernel", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(Activator.CreateInstance(suite))!;

    private sealed class ListLogger : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));
    }
}
