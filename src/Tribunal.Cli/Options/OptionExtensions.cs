using System.CommandLine;

namespace Tribunal.Cli.Options;

/// <summary>What declarations of options have in common.</summary>
internal static class OptionExtensions
{
    /// <summary>Adds options to a command, in this order.</summary>
    public static void Add(this Command command, params ReadOnlySpan<Option> options)
    {
        foreach (Option option in options)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Takes values from <paramref name="min"/> to <paramref name="max"/> only, refused by name before anything begins; an option that is left out passes.</summary>
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

    /// <summary>The member that an option's word names, with dashes between its words.</summary>
    public static T Named<T>(this ParseResult parsed, Option<string> option)
        where T : struct, Enum => Named<T>(parsed.GetRequiredValue(option));

    /// <inheritdoc cref="Named{T}(ParseResult, Option{string})"/>
    public static T Named<T>(string word)
        where T : struct, Enum => Enum.Parse<T>(word.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);
}
