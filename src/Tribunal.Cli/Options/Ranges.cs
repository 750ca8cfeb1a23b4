using System.CommandLine;

namespace Tribunal.Cli.Options;

/// <summary>Ranges of options, refused by name before anything begins.</summary>
internal static class Ranges
{
    /// <summary>Takes values from <paramref name="min"/> to <paramref name="max"/> only; an option that is left out passes.</summary>
    public static Option<T> Between<T>(this Option<T> option, double min, double max)
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => double.TryParse(token.Value, out double value) && !(value >= min && value <= max)))
            {
                result.AddError(double.IsPositiveInfinity(max) || max >= int.MaxValue ? $"{option.Name} is {min:0.##} or more" : $"{option.Name} is {min:0.##} to {max:0.##}");
            }
        });
        return option;
    }
}
