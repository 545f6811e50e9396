using System.Reflection;
using LongContext.Attention;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace LongContext.Tests.Attention;

public sealed class AttentionKernelsTests
{
    [Fact]
    public void IAttentionKernel_EveryImplementation_HasItsSuite()
    {
        Type[] kernels = [.. typeof(IAttentionKernel).Assembly.GetTypes().Where(type => !type.IsAbstract && type.IsAssignableTo(typeof(IAttentionKernel)))];
        Type[] tested = [.. typeof(AttentionKernelSuite).Assembly.GetTypes()
            .Where(type => !type.IsAbstract && type.IsSubclassOf(typeof(AttentionKernelSuite)))
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
