using Microsoft.Extensions.DependencyInjection;

namespace LongContext.Hosting.Support;

internal static class ServiceExtensions
{
    /// <summary>Adds a model and gives the services back.</summary>
    public static IServiceCollection AddLongContextAnd(this IServiceCollection services, Action<LongContextOptions> configure)
    {
        services.AddLongContext(configure);
        return services;
    }
}
